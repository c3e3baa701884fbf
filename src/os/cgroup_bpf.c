/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cgroup_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"

struct program {
    VEC(struct bpf_insn) code;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
    *VEC_PUSH(&p->code) =
        (struct bpf_insn){.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

/* r1 is the kernel's bpf_cgroup_dev_ctx {access_type, major, minor}; the low half of access_type is the kind
 * of device. */
static void emit_start(struct program *p)
{
    emit(p, BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
    emit(p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
    emit(p, BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0);
    emit(p, BPF_LDX | BPF_MEM | BPF_W, 4, 1, 8, 0);
}

static void emit_result(struct program *p, int allowed)
{
    emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allowed);
    emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_deny(struct program *p, const struct stat *st)
{
    int kind = S_ISBLK(st->st_mode) ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

    emit(p, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 4, kind);
    emit(p, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 3, (int32_t)major(st->st_rdev));
    emit(p, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 2, (int32_t)minor(st->st_rdev));
    emit_result(p, 0);
}

static int bpf_call(int cmd, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, cmd, attr, sizeof *attr);
}

static int attach(const struct program *p, const char *dir, struct err *e)
{
    union bpf_attr load = {0}, at = {0};
    int rc = 0, dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), prog_fd;

    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = (uintptr_t)p->code.v;
    load.insn_cnt = p->code.n;
    load.license = (uintptr_t) "Apache-2.0";
    prog_fd = bpf_call(BPF_PROG_LOAD, &load);
    at.target_fd = (uint32_t)dir_fd;
    at.attach_bpf_fd = (uint32_t)prog_fd;
    at.attach_type = BPF_CGROUP_DEVICE;
    at.attach_flags = BPF_F_ALLOW_MULTI;
    if (dir_fd < 0 || prog_fd < 0 || bpf_call(BPF_PROG_ATTACH, &at) < 0)
        rc = err_set(e, errno, "%s: device control: %s", dir, strerror(errno));
    if (prog_fd >= 0)
        close(prog_fd);
    if (dir_fd >= 0)
        close(dir_fd);
    return rc;
}

int cgroup_bpf_deny(const char *dir, const struct track_step *s, struct err *e)
{
    struct program p = {0};
    uint32_t denied = 0;
    int rc = 0;

    emit_start(&p);
    for (uint32_t i = 0; i < s->devices_n; i++) {
        struct stat st;

        if (bits_test(s->allowed, i) || stat(s->devices[i].path, &st) < 0)
            continue;
        if (++denied > CGROUP_BPF_DEVICES_MAX) {
            rc = err_set(e, E2BIG, "%s: more than %d devices to refuse", dir, CGROUP_BPF_DEVICES_MAX);
            break;
        }
        emit_deny(&p, &st);
    }
    emit_result(&p, 1);
    if (rc == 0 && denied)
        rc = attach(&p, dir, e);
    VEC_FREE(&p.code);
    return rc;
}

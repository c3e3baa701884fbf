# SPDX-License-Identifier: Apache-2.0
# For habits: everything is done by meson and ninja in build/.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc/slurm
BUILD ?= build

.PHONY: all check install uninstall format clean
all: $(BUILD)/build.ninja
	ninja -C $(BUILD)
$(BUILD)/build.ninja:
	meson setup $(BUILD) --prefix=$(PREFIX) --sysconfdir=$(SYSCONFDIR)
check: all
	./runtests
install: $(BUILD)/build.ninja
	meson configure $(BUILD) -Dprefix=$(PREFIX) -Dsysconfdir=$(SYSCONFDIR)
	DESTDIR=$(DESTDIR) meson install -C $(BUILD)
# Of the folder into which it was installed last.
uninstall:
	ninja -C $(BUILD) uninstall
format:
	clang-format -i $$(git ls-files '*.c' '*.h')
clean:
	rm -rf $(BUILD)

/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/hash.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/text.h"

/* What Slurm 26.05 answered to `scontrol show hostlist`, `hostlistsorted` and `hostnames` (separated by
 * spaces here). Without an answer it refused the text. */
static const struct {
    const char *given, *text, *sorted, *names;
} observed[] = {
    {"n1,n2,n3,m2", "n[1-3],m2", "m2,n[1-3]", "n1 n2 n3 m2"},
    {"n[1-3,7],m2", "n[1-3,7],m2", "m2,n[1-3,7]", "n1 n2 n3 n7 m2"},
    {"m2,n[1-3,7]", "m2,n[1-3,7]", "m2,n[1-3,7]", "m2 n1 n2 n3 n7"},
    {"n3,n2,n1", "n[3,2,1]", "n[1-3]", "n3 n2 n1"},
    {"n1,n1", "n[1,1]", "n[1,1]", "n1 n1"},
    {"n[1-3],n[2-5]", "n[1-3,2-5]", "n[1-2,2-3,3-5]", "n1 n2 n3 n2 n3 n4 n5"},
    {"n09,n10", "n[09-10]", "n[09-10]", "n09 n10"},
    {"n9,n10", "n[9-10]", "n[9-10]", "n9 n10"},
    {"n01,n1", "n[01,1]", "n[1,01]", "n01 n1"},
    {"n[09-11]", "n[09-11]", "n[09-11]", "n09 n10 n11"},
    {"n[9-11]", "n[9-11]", "n[9-11]", "n9 n10 n11"},
    {"n[08-12],n[8-12]", "n[08-12,8-12]", "n[8-12,08-12]", "n08 n09 n10 n11 n12 n8 n9 n10 n11 n12"},
    {"n001,n002,n03", "n[001-002,03]", "n[03,001-002]", "n001 n002 n03"},
    {"n[001-010]", "n[001-010]", "n[001-010]", "n001 n002 n003 n004 n005 n006 n007 n008 n009 n010"},
    {"n[1-010]", "n[1-10]", "n[1-10]", "n1 n2 n3 n4 n5 n6 n7 n8 n9 n10"},
    {"n[01-100]", "n[01-100]", "n[01-100]", NULL},
    {"rack[0-1]node[0-3]", "rack0node[0-3],rack1node[0-3]", "rack0node[0-3],rack1node[0-3]", NULL},
    {"rack0node0,rack0node1,rack1node0,rack1node1", "rack0node[0-1],rack1node[0-1]",
     "rack0node[0-1],rack1node[0-1]", "rack0node0 rack0node1 rack1node0 rack1node1"},
    {"rack0node[0-1],rack1node[0-1]", "rack0node[0-1],rack1node[0-1]", "rack0node[0-1],rack1node[0-1]",
     "rack0node0 rack0node1 rack1node0 rack1node1"},
    {"rack[0-1]node3", "rack0node3,rack1node3", "rack0node3,rack1node3", "rack0node3 rack1node3"},
    {"n[1-2]-ib", "n1-ib,n2-ib", "n1-ib,n2-ib", "n1-ib n2-ib"},
    {"n1-ib,n2-ib,n3-ib", "n1-ib,n2-ib,n3-ib", "n1-ib,n2-ib,n3-ib", "n1-ib n2-ib n3-ib"},
    {"n[1-2]x[3-4]-ib", "n1x3-ib,n1x4-ib,n2x3-ib,n2x4-ib", "n1x3-ib,n1x4-ib,n2x3-ib,n2x4-ib",
     "n1x3-ib n1x4-ib n2x3-ib n2x4-ib"},
    {"[1,3-5]", "[1,3-5]", "[1,3-5]", "1 3 4 5"},
    {"[3-1]", NULL, NULL, NULL},
    {"1,2,3", "[1-3]", "[1-3]", "1 2 3"},
    {"1", "1", "1", "1"},
    {"01", "01", "01", "01"},
    {"n[3-1]", NULL, NULL, NULL},
    {"n[5-5]", "n5", "n5", "n5"},
    {"n[1-3", NULL, NULL, NULL},
    {"n[1-3][4-5]", "n1[4-5],n2[4-5],n3[4-5]", "n1[4-5],n2[4-5],n3[4-5]", "n14 n15 n24 n25 n34 n35"},
    {"n[a-b]", NULL, NULL, NULL},
    {"n[1-b]", NULL, NULL, NULL},
    {"n[]", NULL, NULL, NULL},
    {"n[,]", NULL, NULL, NULL},
    {"n[1,]", NULL, NULL, NULL},
    {"n[,1]", NULL, NULL, NULL},
    {"n[-1]", NULL, NULL, NULL},
    {"n[1--3]", NULL, NULL, NULL},
    {"n[1-2-3]", NULL, NULL, NULL},
    {"n1,,n2", "n[1-2]", "n[1-2]", "n1 n2"},
    {",n1", "n1", "n1", "n1"},
    {"n1,", "n1", "n1", "n1"},
    {" n1", "n1", "n1", "n1"},
    {"n1 n2", "n[1-2]", "n[1-2]", "n1 n2"},
    {"n1 , n2", "n[1-2]", "n[1-2]", "n1 n2"},
    {"n1;n2", "n1;n2", "n1;n2", "n1;n2"},
    {"", "", "", ""},
    {",", "", "", ""},
    {"n[1-65536]", "n[1-65536]", "n[1-65536]", NULL},
    {"n10,n9,n1", "n[10,9,1]", "n[1,9-10]", "n10 n9 n1"},
    {"n10,n9,n1,m3,M1", "n[10,9,1],m3,M1", "M1,m3,n[1,9-10]", "n10 n9 n1 m3 M1"},
    {"a,b,c,a", "a,b,c,a", "a,a,b,c", "a b c a"},
    {"foo,foo1,foo2", "foo,foo[1-2]", "foo,foo[1-2]", "foo foo1 foo2"},
    {"n1,foo,n2", "n1,foo,n2", "foo,n[1-2]", "n1 foo n2"},
    {"n1,m1,n2,m2", "n1,m1,n2,m2", "m[1-2],n[1-2]", "n1 m1 n2 m2"},
    {"n-1,n-2,n-3", "n-[1-3]", "n-[1-3]", "n-1 n-2 n-3"},
    {"a1b2,a1b3,a2b2", "a1b[2-3],a2b2", "a1b[2-3],a2b2", "a1b2 a1b3 a2b2"},
    {"a1b2c3,a1b2c4", "a1b2c[3-4]", "a1b2c[3-4]", "a1b2c3 a1b2c4"},
    {"n00,n0,n000", "n[00,0,000]", "n[0,00,000]", "n00 n0 n000"},
    {"n[0-3],n[00-03]", "n[0-3,00-03]", "n[0-3,00-03]", "n0 n1 n2 n3 n00 n01 n02 n03"},
    {"n3,n[1-2]", "n[3,1-2]", "n[1-3]", "n3 n1 n2"},
    {"n[1-2],n[4-5],n3", "n[1-2,4-5,3]", "n[1-5]", "n1 n2 n4 n5 n3"},
    {"n[1-5],n2", "n[1-5,2]", "n[1-2,2-5]", "n1 n2 n3 n4 n5 n2"},
    {"a10,a2,b1,a1", "a[10,2],b1,a1", "a[1-2,10],b1", "a10 a2 b1 a1"},
    {"a[1-3,2]", "a[1-3,2]", "a[1-2,2-3]", "a1 a2 a3 a2"},
    {"login,n[1-2]", "login,n[1-2]", "login,n[1-2]", "login n1 n2"},
    {"n1.example.com,n2.example.com", "n1.example.com,n2.example.com", "n1.example.com,n2.example.com",
     "n1.example.com n2.example.com"},
    {"n[1-2].example.com", "n1.example.com,n2.example.com", "n1.example.com,n2.example.com",
     "n1.example.com n2.example.com"},
    {"N1,n1", "N1,n1", "N1,n1", "N1 n1"},
    {"node_1,node_2", "node_[1-2]", "node_[1-2]", "node_1 node_2"},
    {"(n1,n2)", "(n1,n2)", "(n1,n2)", "(n1 n2)"},
    {"n(1-2)", "n(1-2)", "n(1-2)", "n(1-2)"},
    {"n1:2", "n1:2", "n1:2", "n1:2"},
    {"n*", "n*", "n*", "n*"},
    {"tux[0-3]x[0-3]", "tux0x[0-3],tux1x[0-3],tux2x[0-3],tux3x[0-3]",
     "tux0x[0-3],tux1x[0-3],tux2x[0-3],tux3x[0-3]", NULL},
    {"tux00,tux01,tux10,tux11", "tux[00-01,10-11]", "tux[00-01,10-11]", "tux00 tux01 tux10 tux11"},
    {"tux000,tux001,tux010", "tux[000-001,010]", "tux[000-001,010]", "tux000 tux001 tux010"},
    {"n[1-2]m[3-4]o[5-6]", "n1m3o[5-6],n2m3o[5-6],n1m4o[5-6],n2m4o[5-6]",
     "n1m3o[5-6],n1m4o[5-6],n2m3o[5-6],n2m4o[5-6]",
     "n1m3o5 n1m3o6 n2m3o5 n2m3o6 n1m4o5 n1m4o6 n2m4o5 n2m4o6"},
    {"n1m3o5,n1m3o6", "n1m3o[5-6]", "n1m3o[5-6]", "n1m3o5 n1m3o6"},
    {"n[1-2]a,n[1-2]b", "n1a,n2a,n1b,n2b", "n1a,n1b,n2a,n2b", "n1a n2a n1b n2b"},
    {"n1a,n1b", "n1a,n1b", "n1a,n1b", "n1a n1b"},
    {"n1/2", "n1/2", "n1/2", "n1/2"},
    {"n10,n09,n9", "n[10,09,9]", "n[9,09-10]", "n10 n09 n9"},
    {"n100,n09,n9,n10", "n[100,09,9-10]", "n[9-10,09,100]", "n100 n09 n9 n10"},
    {"n9,n100,n010", "n[9,100,010]", "n[9,010,100]", "n9 n100 n010"},
    {"n20,n03,n1", "n[20,03,1]", "n[1,03,20]", "n20 n03 n1"},
    {"n99,n100", "n[99-100]", "n[99-100]", "n99 n100"},
    {"n[01-99],n100", "n[01-100]", "n[01-100]", NULL},
    {"n099,n100", "n[099-100]", "n[099-100]", "n099 n100"},
    {"n98,n099,n100", "n[98,099-100]", "n[98,099-100]", "n98 n099 n100"},
    {"n9,n010", "n[9,010]", "n[9,010]", "n9 n010"},
    {"n08,n9", "n[08,9]", "n[9,08]", "n08 n9"},
    {"n[08-10],n11", "n[08-11]", "n[08-11]", "n08 n09 n10 n11"},
    {"rack10node1,rack2node1", "rack10node1,rack2node1", "rack2node1,rack10node1", "rack10node1 rack2node1"},
    {"n10a,n2a,n1a", "n10a,n2a,n1a", "n1a,n2a,n10a", "n10a n2a n1a"},
    {"n10,n2,n1a,n", "n[10,2],n1a,n", "n,n[2,10],n1a", "n10 n2 n1a n"},
    {"n[1-3],n[1-3]", "n[1-3,1-3]", "n[1,1-2,2-3,3]", "n1 n2 n3 n1 n2 n3"},
    {"n[1-4],n[2-3]", "n[1-4,2-3]", "n[1-2,2-3,3-4]", "n1 n2 n3 n4 n2 n3"},
    {"n[1-4],n[2-3],n[3-8]", "n[1-4,2-3,3-8]", "n[1-2,2-3,3,3-4,4-8]", "n1 n2 n3 n4 n2 n3 n3 n4 n5 n6 n7 n8"},
    {"n[01-04],n[2-3],n[03-08]", "n[01-04,2-3,03-08]", "n[2-3,01-03,03-04,04-08]",
     "n01 n02 n03 n04 n2 n3 n03 n04 n05 n06 n07 n08"},
    {"a[1-2]b[1-2]c[1-2]d[1-2]",
     "a1b1c1d[1-2],a2b1c1d[1-2],a1b2c1d[1-2],a2b2c1d[1-2],a1b1c2d[1-2],a2b1c2d[1-2],a1b2c2d[1-2],a2b2c2d[1-"
     "2]",
     "a1b1c1d[1-2],a1b1c2d[1-2],a1b2c1d[1-2],a1b2c2d[1-2],a2b1c1d[1-2],a2b1c2d[1-2],a2b2c1d[1-2],a2b2c2d[1-"
     "2]",
     NULL},
    {"a[1-2]b[1-2]c[1-2]x", "a1b1c1x,a1b1c2x,a2b1c1x,a2b1c2x,a1b2c1x,a1b2c2x,a2b2c1x,a2b2c2x",
     "a1b1c1x,a1b1c2x,a1b2c1x,a1b2c2x,a2b1c1x,a2b1c2x,a2b2c1x,a2b2c2x", NULL},
    {"a[1-2]b[1-2]c[1-2]d[1-2]x",
     "a1b1c1d1x,a1b1c1d2x,a2b1c1d1x,a2b1c1d2x,a1b2c1d1x,a1b2c1d2x,a2b2c1d1x,a2b2c1d2x,a1b1c2d1x,a1b1c2d2x,"
     "a2b1c2d1x,a2b1c2d2x,a1b2c2d1x,a1b2c2d2x,a2b2c2d1x,a2b2c2d2x",
     "a1b1c1d1x,a1b1c1d2x,a1b1c2d1x,a1b1c2d2x,a1b2c1d1x,a1b2c1d2x,a1b2c2d1x,a1b2c2d2x,a2b1c1d1x,a2b1c1d2x,"
     "a2b1c2d1x,a2b1c2d2x,a2b2c1d1x,a2b2c1d2x,a2b2c2d1x,a2b2c2d2x",
     NULL},
    {"a[1-3]b[4-6]c[7-9]",
     "a1b4c[7-9],a2b4c[7-9],a3b4c[7-9],a1b5c[7-9],a2b5c[7-9],a3b5c[7-9],a1b6c[7-9],a2b6c[7-9],a3b6c[7-9]",
     "a1b4c[7-9],a1b5c[7-9],a1b6c[7-9],a2b4c[7-9],a2b5c[7-9],a2b6c[7-9],a3b4c[7-9],a3b5c[7-9],a3b6c[7-9]",
     NULL},
    {"a[1,3]b[1-2]", "a1b[1-2],a3b[1-2]", "a1b[1-2],a3b[1-2]", "a1b1 a1b2 a3b1 a3b2"},
    {"n[1-2]m[3-4],x", "n1m[3-4],n2m[3-4],x", "n1m[3-4],n2m[3-4],x", "n1m3 n1m4 n2m3 n2m4 x"},
    {"n[01-02]m[3,04]", "n01m[3,04],n02m[3,04]", "n01m[3,04],n02m[3,04]", "n01m3 n01m04 n02m3 n02m04"},
    {"b,a,c10,c9,c", "b,a,c[10,9],c", "a,b,c,c[9-10]", "b a c10 c9 c"},
    {"a1,a,a01,a2", "a1,a,a[01,2]", "a,a[1-2,01]", "a1 a a01 a2"},
    {"n-10,n-9,n10,n9", "n-[10,9],n[10,9]", "n[9-10],n-[9-10]", "n-10 n-9 n10 n9"},
    {"n1-3,n1-2", "n1-[3,2]", "n1-[2-3]", "n1-3 n1-2"},
    {"n14,n1[4-5]", "n14,n1[4-5]", "n14,n1[4-5]", "n14 n14 n15"},
    {"n1[4-5],n14", "n1[4-5],n14", "n14,n1[4-5]", "n14 n15 n14"},
    {"n1[4-5],n2[4-5],n145", "n1[4-5],n2[4-5],n145", "n145,n1[4-5],n2[4-5]", "n14 n15 n24 n25 n145"},
    {"n[1-2][3-4][5-6]", "n13[5-6],n23[5-6],n14[5-6],n24[5-6]", "n13[5-6],n14[5-6],n23[5-6],n24[5-6]",
     "n135 n136 n235 n236 n145 n146 n245 n246"},
    {"x10y1,x9y1,x9y10,x9y2", "x10y1,x9y[1,10,2]", "x9y[1-2,10],x10y1", "x10y1 x9y1 x9y10 x9y2"},
    {"cn[100-102],cn99,cn[1-3]", "cn[100-102,99,1-3]", "cn[1-3,99-102]",
     "cn100 cn101 cn102 cn99 cn1 cn2 cn3"},
    {"cn[1-3,100-102],cn99", "cn[1-3,100-102,99]", "cn[1-3,99-102]", "cn1 cn2 cn3 cn100 cn101 cn102 cn99"},
    {"n1\tn2", "n[1-2]", "n[1-2]", "n1 n2"},
    {"n10,n010,n0010", "n[10,010,0010]", "n[10,010,0010]", "n10 n010 n0010"},
    {"n[5-6],n[1-9]", "n[5-6,1-9]", "n[1-5,5-6,6-9]", "n5 n6 n1 n2 n3 n4 n5 n6 n7 n8 n9"},
    {"n[1-3],n[3-5],n[5-6]", "n[1-3,3-5,5-6]", "n[1-3,3-5,5-6]", "n1 n2 n3 n3 n4 n5 n5 n6"},
    {"n[1-2],n[1-2],n[1-2]", "n[1-2,1-2,1-2]", "n[1,1,1-2,2,2]", "n1 n2 n1 n2 n1 n2"},
    {"a2,a10,A1,B,b1", "a[2,10],A1,B,b1", "A1,B,a[2,10],b1", "a2 a10 A1 B b1"},
    {"node001,node010,node100,node1000", "node[001,010,100,1000]", "node[001,010,100,1000]",
     "node001 node010 node100 node1000"},
    {"node[0998-1002]", "node[0998-1002]", "node[0998-1002]", "node0998 node0999 node1000 node1001 node1002"},
    {"node[998-1002]", "node[998-1002]", "node[998-1002]", "node998 node999 node1000 node1001 node1002"},
    {"node0998,node0999,node1000", "node[0998-1000]", "node[0998-1000]", "node0998 node0999 node1000"},
    {"node998,node999,node1000", "node[998-1000]", "node[998-1000]", "node998 node999 node1000"},
    {"z,a10b,a9b,a", "z,a10b,a9b,a", "a,a9b,a10b,z", "z a10b a9b a"},
    {"n0,n00", "n[0,00]", "n[0,00]", "n0 n00"},
    {"n5,n4,n5", "n[5,4-5]", "n[4-5,5]", "n5 n4 n5"},
    {"n[10-12,1-3]", "n[10-12,1-3]", "n[1-3,10-12]", "n10 n11 n12 n1 n2 n3"},
    {"1,10,2", "[1,10,2]", "[1-2,10]", "1 10 2"},
    {"10,9,8", "[10,9,8]", "[8-10]", "10 9 8"},
    {"[01-03],4", "[01-03,4]", "[4,01-03]", "01 02 03 4"},
    {"gpu[001-003]-eth[0-1]", "gpu001-eth[0-1],gpu002-eth[0-1],gpu003-eth[0-1]",
     "gpu001-eth[0-1],gpu002-eth[0-1],gpu003-eth[0-1]", NULL},
    {"0", "0", "0", "0"},
    {"n1[2", NULL, NULL, NULL},
    {"n]1[", NULL, NULL, NULL},
    {"n[0x1-2]", NULL, NULL, NULL},
    {"n[1-2],m[", NULL, NULL, NULL},
    {"n[1-2,3-4]", "n[1-4]", "n[1-4]", "n1 n2 n3 n4"},
    {"n[1,2,3]", "n[1-3]", "n[1-3]", "n1 n2 n3"},
    {"n[9-10],n10", "n[9-10,10]", "n[9-10,10]", "n9 n10 n10"},
    {"n[8-12],n[08-12],n10", "n[8-12,08-12,10]", "n[8-12,08-10,10-12]",
     "n8 n9 n10 n11 n12 n08 n09 n10 n11 n12 n10"},
    {"n01a,n1a,n10a,n010a,n2a,n002a", "n01a,n1a,n10a,n010a,n2a,n002a", "n002a,n01a,n010a,n1a,n2a,n10a",
     "n01a n1a n10a n010a n2a n002a"},
    {"r01n1,r1n1,r001n2,r2n1", "r01n1,r1n1,r001n2,r2n1", "r001n2,r01n1,r1n1,r2n1", "r01n1 r1n1 r001n2 r2n1"},
    {"n[1-2],n[03-04]", "n[1-2,03-04]", "n[1-2,03-04]", "n1 n2 n03 n04"},
    {"n[01-02],n[3-4]", "n[01-02,3-4]", "n[3-4,01-02]", "n01 n02 n3 n4"},
    {"n[1-9],n[010-011]", "n[1-9,010-011]", "n[1-9,010-011]", "n1 n2 n3 n4 n5 n6 n7 n8 n9 n010 n011"},
    {"n[9-12],n[10-11]", "n[9-12,10-11]", "n[9-10,10-11,11-12]", "n9 n10 n11 n12 n10 n11"},
    {"a1b,ab,a-b,a_b,aB", "a1b,ab,a-b,a_b,aB", "a-b,a1b,aB,a_b,ab", "a1b ab a-b a_b aB"},
    {"n[1,3,5,7-9],n[2,4]", "n[1,3,5,7-9,2,4]", "n[1-5,7-9]", "n1 n3 n5 n7 n8 n9 n2 n4"},
    {"n[98-99],n[100-101],n0100", "n[98-101,0100]", "n[98-101,0100]", "n98 n99 n100 n101 n0100"},
};

/* Texts that Slurm takes for something else than they say, or refuses for their size. */
static const struct {
    const char *given, *text;
} ours[] = {
    {"n1-3]", NULL},
    {"n[1-3]]", NULL},
    {"n[[1-3]]", NULL},
    {"n[1-]", NULL},
    {"n[+1-2]", NULL},
    {"n[1.5-2]", NULL},
    {"n[ 1 - 3 , 07 ]", "n[1-3,07]"},
    {"n[1-1000000]", "n[1-1000000]"},
    {"n99999999999999999999", "n99999999999999999999"},
    {"n[99999999999999999998-99999999999999999999]", NULL},
    {"n[0-2147483647]", NULL},
    {"n[1-2147483647]", "n[1-2147483647]"},
    {"n[1-2147483647],m", NULL},
    {"n[1-100000]x", NULL},
    {"n[1-300]m[1-300]o[1-2]", NULL},
    {"a[1]b[1]c[1]d[1]e[1]f[1]g[1]h[1]", "a1b1c1d1e1f1g1h1"},
    {"a[1]b[1]c[1]d[1]e[1]f[1]g[1]h[1]i[1]", NULL},
    {"n[1-2]x3,n1x4", "n1x3,n2x3,n1x4"},
    {"n1[4],n15", "n[14-15]"},
};

static char *text_of(const struct hostlist *l)
{
    struct buf b = BUF_INIT;
    hostlist_text(l, &b);
    return buf_take(&b);
}

static char *names_of(const struct hostlist *l)
{
    struct buf b = BUF_INIT;
    struct host_iter it = {.list = l};
    for (const char *name; (name = host_iter_next(&it));) {
        buf_sep(&b, " ");
        buf_adds(&b, name);
    }
    return buf_take(&b);
}

static void assert_text(const struct hostlist *l, const char *want)
{
    char *text = text_of(l);
    assert_string_equal(text, want);
    mem_free(text);
}

static void answers_of_slurm(void **state)
{
    for (size_t i = 0; i < sizeof observed / sizeof observed[0]; i++) {
        struct hostlist l = {0};
        struct err e;
        int rc = hostlist_parse(&l, observed[i].given, &e);
        assert_int_equal(rc < 0, observed[i].text == NULL);
        if (rc < 0)
            continue;
        assert_text(&l, observed[i].text);
        if (observed[i].names) {
            char *names = names_of(&l);
            assert_string_equal(names, observed[i].names);
            mem_free(names);
        }
        assert_int_equal(hostlist_sort(&l, &e), 0);
        assert_text(&l, observed[i].sorted);
        hostlist_release(&l);
    }
}

static void texts_we_read_in_our_way(void **state)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        struct hostlist l = {0};
        struct err e = {0};
        int rc = hostlist_parse(&l, ours[i].given, &e);
        assert_int_equal(rc < 0, ours[i].text == NULL);
        if (rc < 0)
            assert_true(e.text[0] != '\0');
        else
            assert_text(&l, ours[i].text);
        hostlist_release(&l);
    }
}

static void failure_changes_nothing(void **state)
{
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_parse(&l, "n[1-3]", &e), 0);
    assert_int_equal(hostlist_add(&l, "n4,m1,n[3-1]", &e), -ERR_INVALID);
    assert_string_equal(e.text, "Invalid range: `3-1'");
    assert_text(&l, "n[1-3]");
    assert_int_equal(l.count, 3);
    assert_int_equal(hostlist_parse(&l, "m[", &e), -ERR_INVALID);
    assert_text(&l, "n[1-3]");
    assert_int_equal(hostlist_push(&l, "n[4]", &e), -ERR_INVALID);
    assert_int_equal(hostlist_push(&l, "", &e), -ERR_INVALID);
    assert_int_equal(hostlist_push(&l, "n4", &e), 0);
    assert_text(&l, "n[1-4]");
    hostlist_release(&l);
}

static void long_names_are_refused(void **state)
{
    struct hostlist l = {0};
    struct err e;
    char name[HOSTLIST_NAME_SIZE + 1];
    memset(name, 'x', sizeof name);
    name[HOSTLIST_NAME_SIZE] = '\0';
    assert_int_equal(hostlist_push(&l, name, &e), -ERR_TOO_BIG);
    name[HOSTLIST_NAME_SIZE - 1] = '\0';
    assert_int_equal(hostlist_push(&l, name, &e), 0);
    assert_int_equal(hostlist_find(&l, name), 0);
    hostlist_release(&l);
}

static void finding(void **state)
{
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_parse(&l, "n[08-12],login,m[1-1000000],n1[4-5]", &e), 0);
    assert_int_equal(hostlist_find(&l, "n08"), 0);
    assert_int_equal(hostlist_find(&l, "n10"), 2);
    assert_int_equal(hostlist_find(&l, "n8"), -1);
    assert_int_equal(hostlist_find(&l, "n008"), -1);
    assert_int_equal(hostlist_find(&l, "login"), 5);
    assert_int_equal(hostlist_find(&l, "login1"), -1);
    assert_int_equal(hostlist_find(&l, "m1000000"), 6 + 999999);
    assert_int_equal(hostlist_find(&l, "m1000001"), -1);
    assert_int_equal(hostlist_find(&l, "n14"), 6 + 1000000);
    assert_int_equal(hostlist_find(&l, ""), -1);
    hostlist_release(&l);
}

static void deleting(void **state)
{
    static const struct {
        const char *from, *gone, *left;
        int count;
    } cases[] = {
        {"n[1-10]", "n[3-4,7]", "n[1-2,5-6,8-10]", 3},
        {"n[1-3],n[1-3]", "n2", "n[1,3,1,3]", 2},
        {"n[1-3]", "m1,n4", "n[1-3]", 0},
        {"n[1-3]", "n[1-3]", "", 3},
        {"n1,m1,n2", "m1", "n[1-2]", 1},
        {"n[08-12]", "n[8-10]", "n[08-09,11-12]", 1},
        {"n1[4-6]", "n15", "n1[4,6]", 1},
        {"a,b,a", "a", "b", 2},
        {"n[1-1000000]", "n[2-999999]", "n[1,1000000]", 999998},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hostlist l = {0}, gone = {0};
        struct err e;
        assert_int_equal(hostlist_parse(&l, cases[i].from, &e), 0);
        assert_int_equal(hostlist_parse(&gone, cases[i].gone, &e), 0);
        assert_int_equal(hostlist_delete(&l, &gone, &e), cases[i].count);
        assert_text(&l, cases[i].left);
        hostlist_release(&l);
        hostlist_release(&gone);
    }
}

/* A text of up to five names that is made to collide: few prefixes, small numbers, some padding. */
static char *random_text(uint64_t *seed)
{
    static const char *const prefix[] = {"n", "m", "n-", "rack0n", "r1x"};
    struct buf b = BUF_INIT;
    for (uint64_t words = 1 + rand_below(seed, 5); words; words--) {
        int pad = 1 + (int)rand_below(seed, 3);
        unsigned lo = (unsigned)rand_below(seed, 120), hi = lo + (unsigned)rand_below(seed, 15);
        buf_sep(&b, ",");
        buf_adds(&b, prefix[rand_below(seed, 5)]);
        switch (rand_below(seed, 4)) {
        case 0:
            buf_addf(&b, "%0*u", pad, lo);
            break;
        case 1:
            buf_addf(&b, "[%0*u-%0*u]", pad, lo, pad, hi);
            break;
        case 2:
            buf_addf(&b, "[%0*u,%0*u-%u]-x[1-%u]", pad, lo, pad, lo, hi, 1 + hi % 4);
            break;
        case 3:
            buf_addf(&b, "[%u-%u]%s", lo, hi, lo % 2 ? "-ib" : "");
            break;
        }
    }
    return buf_take(&b);
}

static void split_names(const struct hostlist *l, struct text_list *names)
{
    char *text = names_of(l);
    text_split(names, text, ' ');
    mem_free(text);
}

static void the_text_says_what_the_list_holds(void **state)
{
    uint64_t seed = 7;
    for (int round = 0; round < 1500; round++) {
        struct hostlist l = {0}, again = {0}, copy = {0};
        struct text_list names = {0}, names_again = {0};
        struct err e;
        char *given = random_text(&seed), *text, name[HOSTLIST_NAME_SIZE];
        assert_int_equal(hostlist_parse(&l, given, &e), 0);
        text = text_of(&l);
        assert_int_equal(hostlist_parse(&again, text, &e), 0);
        split_names(&l, &names);
        split_names(&again, &names_again);
        assert_int_equal(names.n, l.count);
        assert_int_equal(names_again.n, l.count);
        for (uint32_t i = 0; i < names.n; i++) {
            assert_string_equal(names.v[i], names_again.v[i]);
            hostlist_nth(&l, i, name);
            assert_string_equal(name, names.v[i]);
            uint32_t first = 0;
            while (strcmp(names.v[first], name) != 0)
                first++;
            assert_int_equal(hostlist_find(&l, name), first);
        }
        hostlist_copy(&copy, &l);
        assert_int_equal(hostlist_delete(&copy, &l, &e), l.count);
        assert_int_equal(copy.n, 0);
        mem_free(given);
        mem_free(text);
        text_list_release(&names);
        text_list_release(&names_again);
        hostlist_release(&l);
        hostlist_release(&again);
        hostlist_release(&copy);
    }
}

static uint32_t occurrences(const struct text_list *l, const char *name)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->n; i++)
        n += strcmp(l->v[i], name) == 0;
    return n;
}

static void sorting_keeps_every_host(void **state)
{
    uint64_t seed = 11;
    for (int round = 0; round < 500; round++) {
        struct hostlist l = {0}, one = {0};
        struct text_list before = {0}, after = {0}, once = {0};
        struct err e;
        char *given = random_text(&seed);
        assert_int_equal(hostlist_parse(&l, given, &e), 0);
        hostlist_copy(&one, &l);
        split_names(&l, &before);
        assert_int_equal(hostlist_sort(&l, &e), 0);
        hostlist_uniq(&one);
        split_names(&l, &after);
        split_names(&one, &once);
        assert_int_equal(before.n, after.n);
        assert_int_equal(once.n, one.count);
        for (uint32_t i = 0; i < before.n; i++) {
            assert_int_equal(occurrences(&before, before.v[i]), occurrences(&after, before.v[i]));
            assert_int_equal(occurrences(&once, before.v[i]), 1);
        }
        mem_free(given);
        text_list_release(&before);
        text_list_release(&after);
        text_list_release(&once);
        hostlist_release(&l);
        hostlist_release(&one);
    }
}

static void uniq_of_large_lists(void **state)
{
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_parse(&l, "n[1-1000000],n[500000-1500000],a,a,n[1-2]", &e), 0);
    assert_int_equal(hostlist_sort(&l, &e), -ERR_TOO_BIG);
    assert_text(&l, "n[1-1000000,500000-1500000],a,a,n[1-2]");
    assert_int_equal(hostlist_add(&l, "n07,n[007-011],n[8-12]", &e), 0);
    hostlist_uniq(&l);
    assert_text(&l, "a,n[1-1500000,07,007-011]");
    assert_int_equal(l.count, 1500007);
    hostlist_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_slurm),
        cmocka_unit_test(texts_we_read_in_our_way),
        cmocka_unit_test(failure_changes_nothing),
        cmocka_unit_test(long_names_are_refused),
        cmocka_unit_test(finding),
        cmocka_unit_test(deleting),
        cmocka_unit_test(the_text_says_what_the_list_holds),
        cmocka_unit_test(sorting_keeps_every_host),
        cmocka_unit_test(uniq_of_large_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

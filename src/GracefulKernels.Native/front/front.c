/*
 * libgracefulkernels.so: the library that programs link with. The kernels are in two files beside it, one compiled for processors with AVX-512
 * (x86-64-v4), one for those with AVX2 (x86-64-v3). The first call takes the one for this processor; from then on a call is one jump.
 * Where neither can be taken, every function returns GK_NOT_SUPPORTED and gk_last_error says why.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graceful_kernels.h"

#if !defined(__x86_64__) || !defined(__ELF__)
#error "The front is for x86-64 and ELF."
#endif

#ifndef GK_VERSION
#error "GK_VERSION is the version as a text, -DGK_VERSION=\"0.1.0\"."
#endif

/* Compiled for this level of x86-64 or a higher one. */
typedef struct {
    const char *name;
    const char *file;
} gk_level;

static const gk_level gk_levels[] = {{"v4", "libgracefulkernels-v4.so"}, {"v3", "libgracefulkernels-v3.so"}};

enum { GK_LEVELS = sizeof gk_levels / sizeof gk_levels[0] };

static pthread_once_t gk_once = PTHREAD_ONCE_INIT;
/* 0 before the first call, 1 with kernels, 2 without and with the reason in gk_problem. */
static int gk_state;
static char gk_problem[8192];
static const char *(*gk_kernels_last_error)(void);

/* ------------------------------------------------------------------------------------------------- the functions and their jumps */

/*
 * Each function jumps to where its slot points: first to a stub that opens the kernels, then to the function itself. Registers and the stack
 * reach it as the caller left them, so that neither signatures nor arguments are repeated here. endbr64 is for processors that check jumps.
 */
#define GK_FUNCTION(name)                                                                                                                  \
    __asm__(".text\n"                                                                                                                      \
            ".globl " #name "\n.type " #name ", @function\n.p2align 4\n" #name ":\n\t.cfi_startproc\n\tendbr64\n"                          \
            "\tjmp *gk_slot_" #name "(%rip)\n\t.cfi_endproc\n.size " #name ", . - " #name "\n"                                             \
            ".type gk_first_" #name ", @function\ngk_first_" #name ":\n\t.cfi_startproc\n\tendbr64\n"                                      \
            "\tleaq gk_slot_" #name "(%rip), %r11\n\tjmp gk_first_call\n\t.cfi_endproc\n.size gk_first_" #name ", . - gk_first_" #name "\n" \
            ".data\n.p2align 3\ngk_slot_" #name ":\n\t.quad gk_first_" #name "\n.text\n");
#include "functions.inc"
#undef GK_FUNCTION

/* Keeps the registers that carry arguments (System V ABI: six of integers, eight of floats), opens the kernels, goes on through the slot in r11. */
__asm__(".text\n.p2align 4\n.type gk_first_call, @function\n"
        "gk_first_call:\n\t.cfi_startproc\n"
        "\tpushq %rbp\n\t.cfi_def_cfa_offset 16\n\t.cfi_offset %rbp, -16\n\tmovq %rsp, %rbp\n\t.cfi_def_cfa_register %rbp\n"
        "\tpushq %rdi\n\tpushq %rsi\n\tpushq %rdx\n\tpushq %rcx\n\tpushq %r8\n\tpushq %r9\n\tpushq %r11\n\tpushq %rax\n"
        "\tsubq $128, %rsp\n"
        "\tmovups %xmm0, (%rsp)\n\tmovups %xmm1, 16(%rsp)\n\tmovups %xmm2, 32(%rsp)\n\tmovups %xmm3, 48(%rsp)\n"
        "\tmovups %xmm4, 64(%rsp)\n\tmovups %xmm5, 80(%rsp)\n\tmovups %xmm6, 96(%rsp)\n\tmovups %xmm7, 112(%rsp)\n"
        "\tcall gk_open_kernels\n"
        "\tmovups (%rsp), %xmm0\n\tmovups 16(%rsp), %xmm1\n\tmovups 32(%rsp), %xmm2\n\tmovups 48(%rsp), %xmm3\n"
        "\tmovups 64(%rsp), %xmm4\n\tmovups 80(%rsp), %xmm5\n\tmovups 96(%rsp), %xmm6\n\tmovups 112(%rsp), %xmm7\n"
        "\taddq $128, %rsp\n"
        "\tpopq %rax\n\tpopq %r11\n\tpopq %r9\n\tpopq %r8\n\tpopq %rcx\n\tpopq %rdx\n\tpopq %rsi\n\tpopq %rdi\n"
        "\tpopq %rbp\n\t.cfi_def_cfa %rsp, 8\n"
        "\tjmp *(%r11)\n\t.cfi_endproc\n.size gk_first_call, . - gk_first_call\n");

#define GK_FUNCTION(name) extern void *gk_slot_##name __attribute__((visibility("hidden")));
#include "functions.inc"
#undef GK_FUNCTION

typedef struct {
    const char *name;
    void **slot;
} gk_entry;

static const gk_entry gk_entries[] = {
#define GK_FUNCTION(name) {#name, &gk_slot_##name},
#include "functions.inc"
#undef GK_FUNCTION
};

enum { GK_ENTRIES = sizeof gk_entries / sizeof gk_entries[0] };

/* What every slot points to where there are no kernels. */
static gk_status gk_no_kernels(void)
{
    return GK_NOT_SUPPORTED;
}

/* The one call that is made without a handle from here. */
static gk_status gk_no_device(int32_t abi, const char *simd, int32_t threads, gk_device **device)
{
    (void)abi, (void)simd, (void)threads;
    if (device != NULL) *device = NULL;
    return GK_NOT_SUPPORTED;
}

/* -------------------------------------------------------------------------------------------------------------- the choice */

/* Everything that the level's code was compiled for, and what the operating system must save of it. */
static int gk_runs(int level)
{
    __builtin_cpu_init();
    int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
             __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("sse4.2");
    /* lzcnt and movbe have names in newer compilers only; the bits are cpuid 80000001h ecx 5, 1 ecx 22 and, for f16c, 1 ecx 29. */
    unsigned a = 1, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    v3 = v3 && (c >> 22 & 1) && (c >> 29 & 1);
    a = 0x80000001, c = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    v3 = v3 && (c >> 5 & 1);
    if (level == 1) return v3;
    return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

/* The level to take, or -1 with the problem in words. */
static int gk_choose(void)
{
    const char *wanted = getenv("GRACEFUL_LEVEL");
    for (int i = 0; i < GK_LEVELS; i++) {
        if (wanted == NULL || *wanted == 0) {
            if (gk_runs(i)) return i;
        } else if (strcmp(wanted, gk_levels[i].name) == 0) {
            if (gk_runs(i)) return i;
            snprintf(gk_problem, sizeof gk_problem, "GRACEFUL_LEVEL is '%s', which this processor does not run (x86-64-%s).", wanted, wanted);
            return -1;
        }
    }
    if (wanted != NULL && *wanted != 0) {
        snprintf(gk_problem, sizeof gk_problem, "GRACEFUL_LEVEL is '%.20s'; expected v4 or v3.", wanted);
    } else {
        snprintf(gk_problem, sizeof gk_problem, "This processor is not supported: the library needs AVX2, FMA, BMI, BMI2, F16C, LZCNT and MOVBE (x86-64-v3).");
    }
    return -1;
}

/* The file of the level beside this one: 0, or 1 with the problem in words. */
static int gk_find(int level, char *path, size_t capacity)
{
    Dl_info here;
    if (dladdr((void *)gk_entries, &here) == 0 || here.dli_fname == NULL) {
        snprintf(gk_problem, sizeof gk_problem, "libgracefulkernels.so does not know where it lies, so that it cannot find %s.", gk_levels[level].file);
        return 1;
    }
    const char *slash = strrchr(here.dli_fname, '/');
    int folder = slash == NULL ? 0 : (int)(slash - here.dli_fname) + 1;
    int length = snprintf(path, capacity, "%.*s%s", folder, here.dli_fname, gk_levels[level].file);
    if (length < 0 || (size_t)length >= capacity) {
        snprintf(gk_problem, sizeof gk_problem, "The path of %s is too long.", gk_levels[level].file);
        return 1;
    }
    return 0;
}

/* Whether the file is as long as its own table of segments says: the loader maps one that was cut off, and the process dies of the missing pages. */
static int gk_is_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 1; /* dlopen says why */
    Elf64_Ehdr header;
    int whole = fread(&header, sizeof header, 1, file) == 1 && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_phentsize == sizeof(Elf64_Phdr) &&
                fseek(file, 0, SEEK_END) == 0;
    long length = ftell(file);
    whole = whole && length >= 0 && header.e_phoff <= (Elf64_Off)length && fseek(file, (long)header.e_phoff, SEEK_SET) == 0;
    for (int i = 0; whole && i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        whole = fread(&segment, sizeof segment, 1, file) == 1 && segment.p_filesz <= (Elf64_Xword)length &&
                segment.p_offset <= (Elf64_Off)length - segment.p_filesz;
    }
    fclose(file);
    if (!whole) snprintf(gk_problem, sizeof gk_problem, "%s is damaged: it is no whole ELF file.", path);
    return whole;
}

/* ISO C has no conversion from dlsym's pointer to a function's. */
static void gk_symbol(void *kernels, const char *name, void *function)
{
    void *address = dlsym(kernels, name);
    memcpy(function, &address, sizeof address);
}

/* Whether the file is of this build. */
static int gk_fits(void *kernels, const char *path)
{
    int32_t (*abi)(void);
    const char *(*version)(void);
    gk_symbol(kernels, "gk_abi_version", &abi);
    gk_symbol(kernels, "gk_version", &version);
    gk_symbol(kernels, "gk_last_error", &gk_kernels_last_error);
    if (abi == NULL || version == NULL || gk_kernels_last_error == NULL) {
        snprintf(gk_problem, sizeof gk_problem, "%s is no file of this library: it has no gk_abi_version, gk_version or gk_last_error.", path);
        return 0;
    }
    if (abi() != GK_ABI_VERSION || strcmp(version(), GK_VERSION) != 0) {
        snprintf(gk_problem, sizeof gk_problem, "%s is of version %.40s with ABI %d; libgracefulkernels.so is of version %s with ABI %d.", path, version(),
                 (int)abi(), GK_VERSION, GK_ABI_VERSION);
        return 0;
    }
    return 1;
}

/* 1, with every address found, or 0 with the problem in words. The file is never unloaded: its runtime cannot be. */
static int gk_open(void **addresses)
{
    char path[4096];
    int level = gk_choose();
    if (level < 0 || gk_find(level, path, sizeof path) != 0 || !gk_is_whole(path)) return 0;
    void *kernels = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (kernels == NULL) {
        const char *why = dlerror();
        snprintf(gk_problem, sizeof gk_problem, "The kernels for this processor cannot be opened: %s.", why == NULL ? path : why);
        return 0;
    }
    if (!gk_fits(kernels, path)) return 0;
    for (int i = 0; i < GK_ENTRIES; i++) {
        addresses[i] = dlsym(kernels, gk_entries[i].name);
        if (addresses[i] == NULL) {
            snprintf(gk_problem, sizeof gk_problem, "%s has no %s.", path, gk_entries[i].name);
            return 0;
        }
    }
    return 1;
}

static void gk_open_once(void)
{
    void *addresses[GK_ENTRIES];
    gk_status (*none)(void) = gk_no_kernels;
    gk_status (*no_device)(int32_t, const char *, int32_t, gk_device **) = gk_no_device;
    int open = gk_open(addresses);
    for (int i = 0; i < GK_ENTRIES; i++) {
        if (!open && strcmp(gk_entries[i].name, "gk_device_open") == 0) memcpy(&addresses[i], &no_device, sizeof no_device);
        else if (!open) memcpy(&addresses[i], &none, sizeof none);
        /* Other threads may jump through the slot meanwhile: they find the stub, which waits here, or the function. */
        __atomic_store_n(gk_entries[i].slot, addresses[i], __ATOMIC_RELEASE);
    }
    __atomic_store_n(&gk_state, open ? 1 : 2, __ATOMIC_RELEASE);
}

__attribute__((visibility("hidden"), used)) void gk_open_kernels(void)
{
    pthread_once(&gk_once, gk_open_once);
}

/* ----------------------------------------------------------------------------------------- what needs no kernels */

int32_t gk_abi_version(void)
{
    return GK_ABI_VERSION;
}

const char *gk_version(void)
{
    return GK_VERSION;
}

const char *gk_last_error(void)
{
    int state = __atomic_load_n(&gk_state, __ATOMIC_ACQUIRE);
    return state == 1 ? gk_kernels_last_error() : state == 2 ? gk_problem : "";
}

const char *gk_status_name(gk_status status)
{
    static const char *const names[] = {"GK_OK",
                                        "GK_INVALID_ARGUMENT",
                                        "GK_INVALID_HANDLE",
                                        "GK_NOT_SUPPORTED",
                                        "GK_NOT_POSITIVE_DEFINITE",
                                        "GK_IO",
                                        "GK_OUT_OF_MEMORY",
                                        "GK_DIVERGED",
                                        "GK_INTERNAL"};
    return status >= 0 && status < (int)(sizeof names / sizeof names[0]) ? names[status] : "unknown status";
}

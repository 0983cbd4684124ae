/* A strategy that attacks at its first bar (ATTACK says how), and buys one unit if the attack came through. */
#define _GNU_SOURCE
#include "hedgerow_strategy.h"

#define ATTACK_FILES 1
#define ATTACK_FOLDERS 2
#define ATTACK_WRITE 3
#define ATTACK_SOCKET 4
#define ATTACK_FORK 5
#define ATTACK_SHELL 6
#define ATTACK_UNSHARE 7
#define ATTACK_PTRACE 8
#define ATTACK_SIGNAL 9
#define ATTACK_THREAD 10
#define ATTACK_LOOP 11
#define ATTACK_MEMORY 12
#define ATTACK_GARBAGE 13
#define ATTACK_LATE 14
#define ATTACK_FLOOD 15
#define ATTACK_CRASH 16
#define ATTACK_ABSURD 17
#define ATTACK_TWICE 18

static volatile int sink;

#ifdef __wasm__
static int attack(void) {
#if ATTACK == ATTACK_LOOP
    for (;;) sink++;
#elif ATTACK == ATTACK_MEMORY
    while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1) sink++;
    for (;;) sink++;
#elif ATTACK == ATTACK_CRASH
    __builtin_trap();
#endif
    return 0;
}
#else
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static void *idle(void *nothing) { return nothing; }

static int attack(void) {
    (void)idle;
#if ATTACK == ATTACK_FILES
    return open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/environ", O_RDONLY) >= 0;
#elif ATTACK == ATTACK_FOLDERS
    return opendir("/") != NULL;
#elif ATTACK == ATTACK_WRITE
    return open("/tmp/stolen", O_WRONLY | O_CREAT, 0600) >= 0;
#elif ATTACK == ATTACK_SOCKET
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) == 0;
#elif ATTACK == ATTACK_FORK
    return fork() >= 0;
#elif ATTACK == ATTACK_SHELL
    return system("true") == 0;
#elif ATTACK == ATTACK_UNSHARE
    return unshare(CLONE_NEWUSER) == 0;
#elif ATTACK == ATTACK_PTRACE
    return ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0;
#elif ATTACK == ATTACK_SIGNAL
    return kill(-1, SIGKILL) == 0;
#elif ATTACK == ATTACK_THREAD
    pthread_t thread;
    return pthread_create(&thread, NULL, idle, NULL) == 0;
#elif ATTACK == ATTACK_LOOP
    for (;;) sink++;
#elif ATTACK == ATTACK_MEMORY
    for (;;) {
        char *more = malloc(1 << 24);
        if (!more) abort();
        memset(more, 1, 1 << 24);
    }
#elif ATTACK == ATTACK_GARBAGE
    return write(1, "this is not a frame of the protocol at all", 42) < 0;
#elif ATTACK == ATTACK_LATE
    nanosleep(&(struct timespec){9, 0}, NULL);
    return 1;
#elif ATTACK == ATTACK_FLOOD
    for (;;) if (write(1, hr_question, sizeof hr_question) < 0) return 0;
#elif ATTACK == ATTACK_CRASH
    *(volatile int *)0 = 1;
#elif ATTACK == ATTACK_TWICE
    unsigned char head[16] = {12, 0, 0, 0, 2, 0, 0, 0, 128, 0, 1, 0, 0, 0, 0, 0};
    return write(1, head, sizeof head) < 0;
#endif
    return 0;
}
#endif

static void on_bars(const hr_now *now, const hr_bar *bars, uint32_t count) {
    (void)now;
    static int is_done;
    if (is_done++) return;
#if ATTACK == ATTACK_ABSURD
    const double zero = 0;
    hr_buy(4000000000u, 1);
    hr_buy(bars[0].instrument, zero / zero);
    hr_buy(bars[0].instrument, -1);
    hr_sell(bars[0].instrument, 1e300);
    hr_say(bars[0].instrument, HR_BUY, 1, -5, HR_GTC);
    hr_say(bars[0].instrument, (enum hr_action)77, 1, 0, HR_GTC);
    hr_say(bars[0].instrument, HR_BUY, 1, 0, (enum hr_tif)9);
    hr_target_weight(bars[0].instrument, 1 / zero);
    hr_target(bars[0].instrument, 0.5);
#endif
    for (uint32_t row = 0; row < count; row++)
        if (attack()) hr_buy(bars[row].instrument, 1);
}

static const hr_strategy HOSTILE = {.on_bars = on_bars};
HR_EXPORT(HOSTILE)

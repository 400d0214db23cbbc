/* The limit of any runner: starts COUNT no-op shells in LANES lanes, waits for each, and does nothing else.
 *
 *     limit COUNT LANES
 */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static atomic_long left;

static void *lane(void *unused) {
    (void)unused;
    char *arguments[] = {"sh", "-c", ": x", NULL};
    while (atomic_fetch_sub(&left, 1) > 0) {
        pid_t child;
        int status;
        if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) != 0 || waitpid(child, &status, 0) != child || status != 0) {
            perror("limit");
            exit(1);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: limit COUNT LANES\n");
        return 2;
    }
    atomic_store(&left, atol(arguments[1]));
    int lanes = atoi(arguments[2]);
    pthread_t threads[64];
    if (lanes < 1 || lanes > 64) {
        fprintf(stderr, "limit: 1 to 64 lanes\n");
        return 2;
    }
    for (int i = 0; i < lanes; i++) {
        if (pthread_create(&threads[i], NULL, lane, NULL) != 0) {
            perror("limit");
            return 1;
        }
    }
    for (int i = 0; i < lanes; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

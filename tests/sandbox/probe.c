/* A module that tries what it is told to and says how it went, for tests of the sandbox.

   Frames as every module's (u32 little-endian length, then so many bytes), but of plain text: words
   parted by tabs, the first a command of the table below. The answer is `ok` with what was found,
   or `error` with errno's words. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_BYTES_MAX (64u * 1024 * 1024)
#define WORDS_MAX 4
#define ANSWER_BYTES 4096

extern char **environ;

static char answer[ANSWER_BYTES];

static void say(const char *word, const char *more) {
    snprintf(answer, sizeof answer, "%s %s", word, more);
}

static void say_outcome(int result) {
    say(result >= 0 ? "ok" : "error", result >= 0 ? "" : strerror(errno));
}

static void try_open(char **words) {
    const int fd = open(words[1], O_RDONLY);
    say_outcome(fd);
    if (fd >= 0) close(fd);
}

static void try_read(char **words) {
    char text[256] = "";
    const int fd = open(words[1], O_RDONLY);
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    say_outcome((int)got);
    if (got >= 0) say("ok", text);
    if (fd >= 0) close(fd);
}

static void try_write(char **words) {
    const int fd = open(words[1], O_WRONLY | O_CREAT, 0666);
    const ssize_t gone = fd < 0 ? -1 : write(fd, words[2], strlen(words[2]));
    say_outcome((int)gone);
    if (fd >= 0) close(fd);
}

static void try_symlink(char **words) { say_outcome(symlink(words[1], words[2])); }
static void try_link(char **words) { say_outcome(link(words[1], words[2])); }
static void try_rename(char **words) { say_outcome(rename(words[1], words[2])); }
static void try_unlink(char **words) { say_outcome(unlink(words[1])); }
static void try_mkdir(char **words) { say_outcome(mkdir(words[1], 0777)); }
static void try_truncate(char **words) { say_outcome(truncate(words[1], 0)); }

static void try_list(char **words) {
    DIR *directory = opendir(words[1]);
    say_outcome(directory == NULL ? -1 : 0);
    if (directory == NULL) return;
    int count = 0;
    while (readdir(directory) != NULL) ++count;
    closedir(directory);
    char text[16];
    snprintf(text, sizeof text, "%d", count);
    say("ok", text);
}

/* Opens a file again and again until it is refused. */
static void exhaust_descriptors(char **words) {
    static int fds[100000];
    int count = 0;
    while (count < 100000 && (fds[count] = open(words[1], O_RDONLY)) >= 0) ++count;
    char text[128];
    snprintf(text, sizeof text, "%d %s", count, strerror(errno));
    say("ok", text);
    while (count > 0) close(fds[--count]);
}

/* Takes memory by the MiB, uses it until there is none, and gives it back. */
static void take_memory(char **words) {
    (void)words;
    struct mib {
        struct mib *next;
        char rest[(1 << 20) - 64];
    } *taken = NULL;
    int count = 0;
    for (struct mib *more; (more = malloc(sizeof *more)) != NULL; ++count) {
        memset(more, 1, sizeof *more);
        more->next = taken;
        taken = more;
    }
    while (taken != NULL) {
        struct mib *next = taken->next;
        free(taken);
        taken = next;
    }
    char text[16];
    snprintf(text, sizeof text, "%d", count);
    say("ok", text);
}

static void spin(char **words) {
    (void)words;
    for (volatile unsigned turns = 0;; ++turns) {
    }
}

static int deeper(int depth) {
    volatile char room[1024];
    room[depth & 1023] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + room[depth & 1023];
}

static void overflow_stack(char **words) {
    (void)words;
    say_outcome(deeper(0));
}

static void trap(char **words) {
    (void)words;
    __builtin_trap();
}

static void leave(char **words) { exit(atoi(words[1])); }

static void sleep_on(char **words) {
    sleep((unsigned)atoi(words[1]));
    say("ok", "");
}

static void show_environment(char **words) {
    (void)words;
    answer[0] = '\0';
    strcat(answer, "ok");
    for (char **entry = environ; entry != NULL && *entry != NULL; ++entry) {
        strncat(answer, " ", sizeof answer - strlen(answer) - 1);
        strncat(answer, *entry, sizeof answer - strlen(answer) - 1);
    }
}

static int argument_count;
static char **argument_list;

static void show_arguments(char **words) {
    (void)words;
    strcpy(answer, "ok");
    for (int i = 0; i < argument_count; ++i) {
        strncat(answer, " ", sizeof answer - strlen(answer) - 1);
        strncat(answer, argument_list[i], sizeof answer - strlen(answer) - 1);
    }
}

static void complain(char **words) {
    fprintf(stderr, "%s\n", words[1]);
    say("ok", "");
}

static const struct {
    const char *name;
    void (*run)(char **words);
} commands[] = {
    {"open", try_open},       {"read", try_read},        {"write", try_write},
    {"symlink", try_symlink}, {"link", try_link},        {"rename", try_rename},
    {"unlink", try_unlink},   {"mkdir", try_mkdir},      {"truncate", try_truncate},
    {"list", try_list},       {"fds", exhaust_descriptors}, {"memory", take_memory},
    {"spin", spin},           {"stack", overflow_stack}, {"trap", trap},
    {"exit", leave},          {"sleep", sleep_on},       {"environment", show_environment},
    {"arguments", show_arguments}, {"complain", complain},
};

static void obey(char *text) {
    char *words[WORDS_MAX] = {"", "", "", ""};
    for (int i = 0; i < WORDS_MAX && text != NULL; ++i) words[i] = strsep(&text, "\t");
    say("error", "unknown command");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
        if (strcmp(commands[i].name, words[0]) == 0) commands[i].run(words);
    }
}

int main(int argc, char **argv) {
    argument_count = argc;
    argument_list = argv;
    uint32_t size;
    while (fread(&size, sizeof size, 1, stdin) == 1) {
        char *text = size <= FRAME_BYTES_MAX ? malloc((size_t)size + 1) : NULL;
        if (text == NULL) return 2;
        if (fread(text, 1, size, stdin) != size) return 3;
        text[size] = '\0';
        obey(text);
        free(text);
        size = (uint32_t)strlen(answer);
        fwrite(&size, sizeof size, 1, stdout);
        fwrite(answer, 1, size, stdout);
        fflush(stdout);
    }
    return 0;
}

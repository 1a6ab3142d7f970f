#include "app/process.h"

#include "app/progress.h"
#include "quant/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

namespace app {

namespace {

void writeToStderr(std::string_view text) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nowhere left to complain
}

// Async-signal-safe.
void endProcess(int signal) {
    quant::removeUnfinishedOutputs();
    if (isProgressShown()) writeToStderr(eraseLine);
    writeToStderr("clipscope: error: interrupted\n");
    _exit(128 + signal);
}

// Drivers keep device memory in files that they map, and some (lavapipe) do not look whether a file got its
// size. Touching what is missing is a bus error. Async-signal-safe.
void endFailedMapping(int) {
    quant::removeUnfinishedOutputs();
    if (isProgressShown()) writeToStderr(eraseLine);
    rlimit limit = {};
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        writeToStderr("clipscope: error: the limit on the size of files (ulimit -f) is too small\n");
        _exit(5);
    }
    writeToStderr("clipscope: error: bus error: memory ran out, or a mapped file shrank\n");
    _exit(1);
}

// A later open() must not take the number of a closed standard stream: a report, or a driver's file, would
// get what is meant for the other. Opened for reading, the stand-in makes writes fail.
void fillStandardStreams() {
    for (int descriptor = 0; descriptor <= 2; ++descriptor) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) != descriptor) _exit(1);
    }
}

// A folder of inputs, or a model in shards, may take more files than the usual soft limit of 1024.
void raiseFileLimit() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));  // else opening one file too many says so
}

void handle(int signal, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(signal, &action, nullptr);
}

}  // namespace

void prepareProcess() {
    fillStandardStreams();
    raiseFileLimit();
    handle(SIGXFSZ, SIG_IGN);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGBUS, endFailedMapping);
    handle(SIGINT, endProcess);
    handle(SIGTERM, endProcess);
    struct sigaction old = {};
    sigaction(SIGHUP, nullptr, &old);
    if (old.sa_handler != SIG_IGN) handle(SIGHUP, endProcess);  // nohup stays in force
}

}  // namespace app

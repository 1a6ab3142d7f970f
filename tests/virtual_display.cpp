#include "tests/virtual_display.h"

#include "tests/run_clipscope.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

namespace tests {

using app::tests::RunOptions;
using app::tests::runShell;

namespace {

// What the server writes when it is ready: the number of the display that it has found free.
std::string firstLine(int descriptor) {
    std::string line;
    pollfd waiting{descriptor, POLLIN, 0};
    char byte = 0;
    while (poll(&waiting, 1, 30'000) > 0 && read(descriptor, &byte, 1) == 1 && byte != '\n') line += byte;
    return line;
}

void silence() {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
}

std::string quoted(const std::string& word) {
    return "'" + word + "'";
}

}  // namespace

VirtualDisplay::VirtualDisplay() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("cannot make a pipe");
    m_server = fork();
    if (m_server == 0) {
        silence();
        const std::string number = std::to_string(ends[1]);
        execlp("Xvfb", "Xvfb", "-displayfd", number.c_str(), "-screen", "0", "1280x800x24", "-noreset",
               "-nolisten", "tcp", nullptr);
        _exit(127);
    }
    close(ends[1]);
    const std::string number = m_server < 0 ? "" : firstLine(ends[0]);
    close(ends[0]);
    if (number.empty()) throw std::runtime_error("Xvfb does not start");
    m_name = ":" + number;
}

VirtualDisplay::~VirtualDisplay() {
    for (const pid_t process : {m_manager, m_server}) {
        if (process < 0) continue;
        kill(process, SIGTERM);
        waitpid(process, nullptr, 0);
    }
}

void VirtualDisplay::manageWindows() {
    m_manager = fork();
    if (m_manager == 0) {
        silence();
        setenv("DISPLAY", m_name.c_str(), 1);
        execlp("openbox", "openbox", "--sm-disable", nullptr);
        _exit(127);
    }
    // A window that appears while the manager starts may stay hidden; with desktops it has started.
    const bool hasStarted = waitUntil([&] {
        const RunOptions options{.environment = {{"DISPLAY", m_name}}};
        return runShell("exec xdotool get_num_desktops", options).exitCode == 0;
    });
    if (!hasStarted) throw std::runtime_error("openbox does not start");
}

std::string VirtualDisplay::clipboard() const {
    const auto result =
        runShell("exec xclip -o -selection clipboard", {.environment = {{"DISPLAY", m_name}}});
    return result.exitCode == 0 ? result.out : "";
}

std::string VirtualDisplay::xdotool(const std::vector<std::string>& arguments) const {
    std::string line = "exec xdotool";
    for (const std::string& argument : arguments) line += " " + quoted(argument);
    const auto result = runShell(line, {.environment = {{"DISPLAY", m_name}}});
    if (result.exitCode != 0) throw std::runtime_error(line + ": " + result.err);
    return result.out;
}

std::string VirtualDisplay::windowOf(const std::string& title) const {
    const auto result = runShell("exec xdotool search --onlyvisible --name " + quoted(title),
                                 {.environment = {{"DISPLAY", m_name}}});
    return result.out.substr(0, result.out.find('\n'));
}

bool waitUntil(const std::function<bool()>& holds, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace tests

// How fast the explorer draws, offscreen and in a window where there is a display, and whether it keeps what
// it no longer shows. `clipscope_explorer_bench FILE [SWITCHES]`; see ../README.md.
#include "app/explorer/explorer.h"
#include "app/explorer/window.h"
#include "engine/error.h"
#include "engine/surface.h"
#include "engine/swapchain.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using app::Explorer;

constexpr uint32_t width = 1280, height = 720;
constexpr int frames = 120;
constexpr std::chrono::milliseconds workBudget(8);

double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Of all threads: what a machine with nothing else to do divides among its cores.
double cpuMilliseconds() {
    return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

// Shows each picture, or waits for it where there is no window.
class Stage {
public:
    Stage(engine::Device& device, engine::Swapchain* swapchain)
        : m_device(device), m_swapchain(swapchain), m_image(device, width, height, "bench") {}

    void frame(Explorer& explorer, Clock::duration budget) {
        const auto start = Clock::now();
        const engine::Ticket ticket = explorer.draw(m_image, 1, 1.0 / 60, budget);
        m_hostMs += millisecondsSince(start);
        if (m_swapchain)
            m_swapchain->show(m_image);
        else
            m_device.wait(ticket);
    }
    // Of the frames since the last call: work, layout and recording.
    double takeHostMs() { return std::exchange(m_hostMs, 0); }

private:
    engine::Device& m_device;
    engine::Swapchain* m_swapchain;
    engine::Image m_image;
    double m_hostMs = 0;
};

void settle(Explorer& explorer, Stage& stage) {
    do {
        stage.frame(explorer, std::chrono::seconds(1));
    } while (explorer.isBusy());
    stage.frame(explorer, workBudget);
    stage.takeHostMs();
}

void report(const char* what, Stage& stage, Clock::time_point start, double busySeconds, double cpuMs) {
    const double each = millisecondsSince(start) / frames, host = stage.takeHostMs() / frames;
    std::printf("%-34s %7.1f %9.2f %9.2f %9.2f %9.2f\n", what, 1000 / each, each, host,
                busySeconds * 1000 / frames, cpuMs / frames);
}

void measure(const char* what, Explorer& explorer, engine::Device& device, Stage& stage,
             Clock::duration budget, bool isDragging) {
    settle(explorer, stage);
    const auto point = [](int frame) { return app::PointerMoved{500 + static_cast<float>(frame) * 2, 250}; };
    if (isDragging) {
        explorer.feed(point(0));
        stage.frame(explorer, budget);
        explorer.feed(app::PointerButton{0, true});
    }
    stage.frame(explorer, budget);
    stage.takeHostMs();
    const double busy = device.busySeconds(), cpu = cpuMilliseconds();
    const auto start = Clock::now();
    for (int frame = 0; frame < frames; ++frame) {
        if (isDragging) explorer.feed(point(frame));
        stage.frame(explorer, budget);
    }
    report(what, stage, start, device.busySeconds() - busy, cpuMilliseconds() - cpu);
    explorer.feed(app::PointerButton{0, false});
    settle(explorer, stage);
}

void measureAll(const std::string& where, Explorer& explorer, engine::Device& device, Stage& stage) {
    measure((where + ", nothing computing").c_str(), explorer, device, stage, workBudget, false);
    measure((where + ", dragging the clip").c_str(), explorer, device, stage, workBudget, true);
    measure((where + ", dragging, no work").c_str(), explorer, device, stage, {}, true);
}

// How long the work holds each frame up while a tensor is refined from nothing, view by view: some 300 frames
// at most.
void measureSlices(Explorer& explorer, Stage& stage) {
    std::printf("\n%-34s %7s %9s %9s %9s\n", "work of a frame, 8 ms allowed", "frames", "median ms",
                "95 % ms", "most ms");
    const app::Session before = explorer.session();
    for (const auto& [name, view] : {std::pair{"clip view", app::View::Clip},
                                     {"channel view", app::View::Channels},
                                     {"compare view", app::View::Compare}}) {
        for (int round = 0; round < 2; ++round) {  // kernels are made during the first
            app::Session session = before;
            session.view = view;
            explorer.workspace().startAgain();
            explorer.show(session);
            std::vector<double> slices;
            do {
                explorer.workspace().want(explorer.session());
                const auto start = Clock::now();
                explorer.workspace().run(workBudget);
                slices.push_back(millisecondsSince(start));
                stage.frame(explorer, {});
            } while (explorer.isBusy() && slices.size() < 300);
            if (round == 0 || slices.empty()) continue;
            std::ranges::sort(slices);
            std::printf("%-34s %7zu %9.2f %9.2f %9.2f\n", name, slices.size(), slices[slices.size() / 2],
                        slices[slices.size() * 95 / 100], slices.back());
        }
    }
    explorer.show(before);
    settle(explorer, stage);
}

double residentMiB() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
    return 0;
}

// Half of the switches come while the tensor before is still being computed.
void switchTensors(Explorer& explorer, engine::Device& device, Stage& stage, int switches) {
    std::printf("\n%-20s %12s %12s\n", "tensor switches", "device MiB", "RSS MiB");
    const auto rows = explorer.workspace().rows().rows();
    for (int i = 0; i <= switches; ++i) {
        if (i % 100 == 0) {
            settle(explorer, stage);
            std::printf("%-20d %12.1f %12.1f\n", i, static_cast<double>(device.allocatedBytes()) / 0x1p20,
                        residentMiB());
        }
        app::Session session = explorer.session();
        session.tensor = rows[static_cast<size_t>(i) % rows.size()].name;
        explorer.show(session);
        if (i % 2)
            settle(explorer, stage);
        else
            stage.frame(explorer, workBudget);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: clipscope_explorer_bench FILE [SWITCHES]\n"), 2;
    std::unique_ptr<app::Display> display;
    std::unique_ptr<app::Window> window;
    try {
        display = std::make_unique<app::Display>();
        window = std::make_unique<app::Window>(*display, app::WindowPlace{.width = width, .height = height},
                                               "bench");
    } catch (const engine::NoDevice& error) {
        std::printf("offscreen alone: %s\n", error.what());
    }
    const engine::Instance instance(false, {},
                                    window ? engine::windowExtensions() : std::vector<std::string>());
    engine::Device device(instance, engine::chooseDevice(instance.devices(), ""));
    std::printf("device: %s, %s\n\n", device.info().name.c_str(), device.info().driver.c_str());
    Explorer explorer(device, uint64_t{1} << 30, quant::CountingPath::Auto);
    app::Session session;
    session.inputs = {argv[1]};
    explorer.show(session);
    std::printf("%-34s %7s %9s %9s %9s %9s\n", "1280x720", "fps", "ms", "host ms", "device ms", "cpu ms");
    Stage offscreen(device, nullptr);
    measureAll("offscreen", explorer, device, offscreen);
    measureSlices(explorer, offscreen);
    if (window) {
        engine::Swapchain swapchain(device, instance, window->handle());
        window->show();
        window->waitFor(0.5);
        Stage shown(device, &swapchain);
        measureAll("window", explorer, device, shown);
    }
    switchTensors(explorer, device, offscreen, argc > 2 ? std::atoi(argv[2]) : 1000);
}

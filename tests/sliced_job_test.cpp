#include "app/explorer/sliced_job.h"

#include "engine/commands.h"
#include "quant/analysis.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>

namespace tests {

using app::SlicedJob;
using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr auto noTime = std::chrono::nanoseconds(0);

void submitOnce() {
    engine::Commands commands(device());
    commands.submit();
}

// Goes on for ever; says when it is unwound.
struct Endless {
    bool& isUnwound;
    explicit Endless(bool& isUnwound_) : isUnwound(isUnwound_) {}
    ~Endless() { isUnwound = true; }
    void run() {
        for (;;) submitOnce();
    }
};

std::function<void()> endless(bool& isUnwound) {
    return [&isUnwound] { Endless(isUnwound).run(); };
}

TensorAnalysis analysisOf(const TensorFile& file, const std::vector<Method>& methods) {
    Analyzer analyzer(device(), ampleBytes);
    AnalysisOptions options;
    options.bits = {2, 8};
    options.methods = methods;
    return analyzer.analyze(file, 0, options);
}

Profile profileOf(const TensorFile& file) {
    TensorStream stream(device(), ampleBytes);
    stream.select(file, 0);
    return ProfilePass(device()).profile(stream);
}

void checkSameInSlices(const TensorFile& file, const std::vector<Method>& methods) {
    const auto expected = analysisOf(file, methods);
    TensorAnalysis found;
    SlicedJob job(device(), [&] { found = analysisOf(file, methods); });
    int turns = 0;
    while (!job.run(noTime)) ++turns;
    CHECK(turns > 5);
    CHECK(found.profile == expected.profile);
    CHECK(found.std == expected.std);
    REQUIRE(found.results.size() == expected.results.size());
    for (size_t i = 0; i < found.results.size(); ++i) {
        CHECK(found.results[i].clip == expected.results[i].clip);
        CHECK(found.results[i].mse == expected.results[i].mse);
        CHECK(found.results[i].clippedFraction == expected.results[i].clippedFraction);
    }
}

}  // namespace

TEST_CASE("A job and its owner take strict turns, one at each submission", "[device][sliced_job]") {
    std::vector<std::thread::id> turns;
    SlicedJob job(device(), [&] {
        for (int i = 0; i < 3; ++i) {
            turns.push_back(std::this_thread::get_id());
            submitOnce();
        }
        turns.push_back(std::this_thread::get_id());
    });
    size_t expected = 0;
    while (!job.run(noTime)) {
        CHECK(turns.size() == ++expected);
        CHECK(turns.back() != std::this_thread::get_id());
    }
    CHECK(expected == 3);
    CHECK(turns.size() == 4);
}

TEST_CASE("The pacer hears of every submission, a flush being one", "[device][sliced_job]") {
    struct Listener : engine::Pacer {
        std::vector<uint64_t> tickets;
        int asides = 0;
        void pace(engine::Ticket ticket) override { tickets.push_back(ticket.value); }
        void aside(const std::function<void()>& work) override {
            ++asides;
            work();
        }
    } listener;
    bool isDone = false;
    device().setPacer(&listener);
    engine::Commands commands(device());
    const uint64_t first = commands.flush().value, second = commands.submit().value;
    device().pace();
    device().aside([&] { isDone = true; });
    device().setPacer(nullptr);
    submitOnce();
    device().aside([] {});
    CHECK(listener.tickets == std::vector<uint64_t>{first, second, second});
    CHECK(second == first + 1);
    CHECK(listener.asides == 1);
    CHECK(isDone);
}

TEST_CASE("A recording goes on after a flush, behind what was flushed", "[device][sliced_job]") {
    const engine::Buffer buffer(device(), 64, engine::MemoryKind::Device, "flushed");
    engine::Commands commands(device());
    commands.fill(buffer, 1);
    commands.flush();
    commands.fill({buffer, 32, 32}, 2);
    commands.submit();
    std::vector<uint32_t> words(16);
    engine::readBack(device(), buffer, std::as_writable_bytes(std::span(words)));
    CHECK(std::ranges::count(words, 1u) == 8);
    CHECK(std::ranges::count(words, 2u) == 8);
}

TEST_CASE("A job does nothing before its first turn", "[device][sliced_job]") {
    bool hasRun = false;
    {
        const SlicedJob job(device(), [&] { hasRun = true; });
        CHECK(!job.isDone());
    }
    CHECK(!hasRun);
}

TEST_CASE("A run of N pauses passes N submissions", "[device][sliced_job]") {
    int submissions = 0;
    SlicedJob job(device(), [&] {
        for (; submissions < 10;) {
            ++submissions;
            submitOnce();
        }
    });
    CHECK(!job.runPauses(3));
    CHECK(submissions == 3);
    CHECK(!job.runPauses(0));
    CHECK(submissions == 3);
    CHECK(!job.runPauses(6));
    CHECK(submissions == 9);
    CHECK(job.runPauses(100));
}

TEST_CASE("Work without submissions may offer pauses", "[device][sliced_job]") {
    int steps = 0;
    SlicedJob job(device(), [&] {
        for (; steps < 5; ++steps) SlicedJob::pause();
    });
    CHECK(!job.run(noTime));
    CHECK(steps == 0);
    CHECK(!job.runPauses(2));
    CHECK(steps == 2);
    CHECK(job.run(std::chrono::hours(1)));
}

TEST_CASE("Outside of jobs a pause does nothing", "[device][sliced_job]") {
    SlicedJob::pause();
    bool isUnwound = false;
    SlicedJob job(device(), endless(isUnwound));
    job.run(noTime);
    SlicedJob::pause();
    CHECK(!isUnwound);
}

TEST_CASE("What the work throws reaches the owner once", "[device][sliced_job]") {
    SlicedJob job(device(), [] {
        submitOnce();
        throw std::runtime_error("of the work");
    });
    CHECK(!job.run(noTime));
    CHECK_THROWS_AS(job.run(noTime), std::runtime_error);
    CHECK(job.isDone());
    CHECK(job.run(noTime));
}

TEST_CASE("Cancelling unwinds the work and leaves the device usable", "[device][sliced_job]") {
    bool isUnwound = false;
    SlicedJob job(device(), endless(isUnwound));
    CHECK(!job.runPauses(5));
    CHECK(!isUnwound);
    job.cancel();
    CHECK(isUnwound);
    CHECK(job.isDone());
    CHECK(job.run(noTime));
    CHECK(!device().isPaced());
    submitOnce();
    job.cancel();
}

TEST_CASE("A job that goes unwinds its work", "[device][sliced_job]") {
    bool isUnwound = false;
    {
        SlicedJob job(device(), endless(isUnwound));
        job.run(noTime);
    }
    CHECK(isUnwound);
}

TEST_CASE("Cancelling a job that never ran, or that is done, does nothing", "[device][sliced_job]") {
    bool hasRun = false;
    SlicedJob idle(device(), [&] { hasRun = true; });
    idle.cancel();
    CHECK(idle.run(noTime));
    CHECK(!hasRun);
    SlicedJob done(device(), [&] { hasRun = true; });
    CHECK(done.run(noTime));
    done.cancel();
    CHECK(hasRun);
}

// Some code takes exceptions for a sign to try with less.
TEST_CASE("Work that swallows exceptions is cancelled all the same", "[device][sliced_job]") {
    int attempts = 0;
    SlicedJob job(device(), [&] {
        for (int i = 0; i < 3; ++i) {
            try {
                submitOnce();
            } catch (...) {
                ++attempts;
            }
        }
    });
    job.run(noTime);
    job.cancel();
    CHECK(attempts == 3);
}

TEST_CASE("The owner submits and waits between the turns of a job", "[device][sliced_job]") {
    const MemoryTensor tensor(gaussians(20011, 1)), other(gaussians(10007, 2));
    const Profile expected = reference::profile(other.values());
    Profile found;
    SlicedJob job(device(), [&] {
        for (int i = 0; i < 5; ++i) found = profileOf(tensor);
    });
    while (!job.run(noTime)) CHECK(profileOf(other) == expected);
    CHECK(found == reference::profile(tensor.values()));
}

TEST_CASE("Two jobs on one device take turns", "[device][sliced_job]") {
    const MemoryTensor tensor(gaussians(30011, 3)), other(gaussians(20011, 4));
    Profile first, second;
    SlicedJob one(device(), [&] { first = profileOf(tensor); });
    SlicedJob two(device(), [&] { second = profileOf(other); });
    for (bool areDone = false; !areDone;) {
        const bool isOneDone = one.runPauses(1);
        areDone = two.runPauses(2) && isOneDone;
    }
    CHECK(first == reference::profile(tensor.values()));
    CHECK(second == reference::profile(other.values()));
}

TEST_CASE("Results of a job are those without one, to the bit", "[device][sliced_job]") {
    checkSameInSlices(MemoryTensor(laplaces(20011, 5)), {Method(), {MethodKind::Mse, {}}});
}

// Of more than one chunk while the device is paced.
TEST_CASE("Results of a job on a large tensor are those without one, to the bit", "[device][sliced_job]") {
    checkSameInSlices(MemoryTensor(laplaces((size_t{2} << 20) + 4099, 6)), {Method()});
}

TEST_CASE("Errors of many grids are the same on a paced device, to the bit", "[device][sliced_job]") {
    const MemoryTensor tensor(gaussians(40009, 5));
    const float absmax = reference::absmax(tensor.values());
    std::vector<ClippedGrid> grids;
    for (int i = 1; i <= 300; ++i)
        grids.push_back(
            {integerFormat(2 + static_cast<uint32_t>(i) % 7, true), absmax * static_cast<float>(i) / 300});
    ErrorPass pass(device());
    const auto measured = [&](uint64_t budgetBytes) {
        TensorStream stream(device(), budgetBytes);
        stream.select(tensor, 0);
        return pass.measure(stream, absmax, grids);
    };
    for (const uint64_t budgetBytes : {uint64_t{1} << 20, ampleBytes}) {
        const auto expected = measured(budgetBytes);
        std::vector<MeasuredError> found;
        SlicedJob job(device(), [&] { found = measured(budgetBytes); });
        int turns = 0;
        while (!job.run(noTime)) ++turns;
        CHECK(turns >= 5);
        REQUIRE(found.size() == expected.size());
        for (size_t i = 0; i < found.size(); ++i) {
            CHECK(found[i].squared == expected[i].squared);
            CHECK(found[i].clipped == expected[i].clipped);
        }
    }
}

TEST_CASE("A stream that a cancelled job has left reads the next tensor right", "[device][sliced_job]") {
    const MemoryTensor tensor(gaussians((size_t{3} << 20) + 11, 6)), next(gaussians(50021, 7));
    // Once resident, once through the ring.
    for (const uint64_t budgetBytes : {ampleBytes, uint64_t{1} << 20}) {
        TensorStream stream(device(), budgetBytes);
        ProfilePass pass(device());
        for (const uint64_t pauses : {1, 2, 3, 5}) {
            SlicedJob job(device(), [&] {
                stream.select(tensor, 0);
                pass.profile(stream);
            });
            CHECK(!job.runPauses(pauses));
            job.cancel();
            stream.select(next, 0);
            CHECK(pass.profile(stream) == reference::profile(next.values()));
        }
    }
}

TEST_CASE("While a job works aside, its owner has the device", "[device][sliced_job]") {
    std::binary_semaphore mayEnd(0);
    int steps = 0;
    SlicedJob job(device(), [&] {
        ++steps;
        device().aside([&] { mayEnd.acquire(); });
        ++steps;
    });
    CHECK(!job.run(std::chrono::milliseconds(1)));
    CHECK(!job.run(noTime));
    CHECK(steps == 1);
    CHECK(!device().isPaced());
    submitOnce();
    mayEnd.release();
    while (!job.run(std::chrono::milliseconds(1))) submitOnce();
    CHECK(steps == 2);
}

TEST_CASE("What is done aside is waited for where there is time, and is no pause", "[device][sliced_job]") {
    SlicedJob timed(
        device(), [] { device().aside([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }); });
    CHECK(timed.run(std::chrono::seconds(60)));
    int steps = 0;
    SlicedJob counted(device(), [&] {
        for (; steps < 4; ++steps) {
            device().aside([] {});
            device().pace();
        }
    });
    CHECK(!counted.runPauses(2));
    CHECK(steps == 1);
    CHECK(counted.runPauses(9));
    CHECK(steps == 4);
}

TEST_CASE("What fails aside fails the work, which may catch it", "[device][sliced_job]") {
    bool isCaught = false;
    SlicedJob job(device(), [&] {
        try {
            device().aside([] { throw std::runtime_error("unreadable"); });
        } catch (const std::runtime_error&) {
            isCaught = true;
        }
        device().aside([] { throw std::logic_error("again"); });
    });
    CHECK_THROWS_AS(job.run(std::chrono::seconds(60)), std::logic_error);
    CHECK(isCaught);
    CHECK(job.isDone());
}

TEST_CASE("Cancelling waits for what is done aside, and nothing follows it", "[device][sliced_job]") {
    bool isOver = false, hasFollowed = false;
    SlicedJob job(device(), [&] {
        device().aside([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            isOver = true;
        });
        hasFollowed = true;
    });
    CHECK(!job.run(noTime));
    job.cancel();
    CHECK(isOver);
    CHECK(!hasFollowed);
    CHECK(job.isDone());
}

TEST_CASE("A kernel that two jobs make at the same time is one", "[device][sliced_job]") {
    const engine::KernelVariant variant{.constants = {{1, 32}}};
    const engine::Kernel *first = nullptr, *second = nullptr;
    SlicedJob one(device(), [&] { first = &device().kernel("sum_quads", variant); });
    SlicedJob other(device(), [&] { second = &device().kernel("sum_quads", variant); });
    one.run(noTime);
    other.run(noTime);
    while (!one.run(noTime)) {
    }
    while (!other.run(noTime)) {
    }
    REQUIRE(first != nullptr);
    CHECK(first == second);
}

}  // namespace tests

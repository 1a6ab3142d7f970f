#include "app/explorer/background.h"

#include <catch2/catch_test_macros.hpp>

#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tests {

using app::Background;

namespace {

constexpr std::chrono::seconds longEnough(60);
constexpr std::chrono::seconds noTime(0);

}  // namespace

TEST_CASE("A result comes once, when it is there", "[background]") {
    Background<int> background;
    CHECK(!background.isBusy());
    CHECK(!background.take(longEnough));
    std::binary_semaphore mayEnd(0);
    background.begin([&] {
        mayEnd.acquire();
        return 7;
    });
    CHECK(background.isBusy());
    CHECK(!background.take(noTime));
    mayEnd.release();
    CHECK(background.take(longEnough) == 7);
    CHECK(!background.isBusy());
    CHECK(!background.take(noTime));
}

TEST_CASE("What is begun meanwhile is done afterwards, in order", "[background]") {
    Background<int> background;
    std::vector<int> order;
    std::binary_semaphore mayEnd(0);
    background.begin([&] {
        mayEnd.acquire();
        order.push_back(1);
        return 1;
    });
    for (const int number : {2, 3}) {
        background.begin([&order, number] {
            order.push_back(number);
            return number;
        });
    }
    mayEnd.release();
    CHECK(background.take(longEnough) == 1);
    CHECK(background.take(longEnough) == 2);
    CHECK(background.isBusy());
    CHECK(background.take(longEnough) == 3);
    CHECK(order == std::vector{1, 2, 3});
    CHECK(!background.isBusy());
}

TEST_CASE("What the work throws is thrown where its result is taken, and the next goes on", "[background]") {
    Background<int> background;
    background.begin([]() -> int { throw std::runtime_error("failed"); });
    background.begin([] { return 2; });
    CHECK_THROWS_AS(background.take(longEnough), std::runtime_error);
    CHECK(background.take(longEnough) == 2);
}

TEST_CASE("The end waits for what has begun and forgets the rest", "[background]") {
    bool isFirstDone = false, isSecondDone = false;
    {
        Background<int> background;
        background.begin([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            isFirstDone = true;
            return 0;
        });
        background.begin([&] {
            isSecondDone = true;
            return 0;
        });
    }
    CHECK(isFirstDone);
    CHECK(!isSecondDone);
}

}  // namespace tests

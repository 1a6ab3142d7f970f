#pragma once

#include <cstdint>
#include <functional>

namespace engine {

// A point on the device's timeline: the work of one submission is done when the device reaches it.
struct Ticket {
    uint64_t value = 0;
};

// What lets long work give way in between to others who use the same device. What it calls or is called from
// may throw, once the device is idle: what submitted then unwinds.
class Pacer {
public:
    virtual ~Pacer() = default;
    // After every submission, with its ticket, and where long work of the host may give way, too. It may
    // wait, but not submit.
    virtual void pace(Ticket ticket) = 0;
    // Does work that leaves the device alone, such as reading a file, and returns when it is done: meanwhile
    // others may use the device. Throws what the work throws.
    virtual void aside(const std::function<void()>& work) = 0;
};

}  // namespace engine

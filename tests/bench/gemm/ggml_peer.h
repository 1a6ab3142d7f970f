#pragma once

#include <cstdint>
#include <string>

namespace bench {

// Products by ggml's Vulkan backend (libggml0-backend-vulkan), where it is installed.
class GgmlPeer {
public:
    GgmlPeer();
    ~GgmlPeer();
    GgmlPeer(const GgmlPeer&) = delete;
    GgmlPeer& operator=(const GgmlPeer&) = delete;

    // The device's name; empty where there is none.
    const std::string& device() const { return m_device; }

    // Best of some rounds after one that is not counted, in seconds, of a product of n x n matrices: A of
    // "f32", "f16" or "q8_0", B and C of floats, as networks there have it. 0 where it cannot.
    double seconds(const std::string& type, uint32_t n, int rounds);

private:
    std::string m_device;
    void* m_backend = nullptr;
};

}  // namespace bench

#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_problem.h"
#include "quant/gemm_tile.h"

#include <cstdint>
#include <string>
#include <vector>

namespace quant {

// Products of matrices on a device. It keeps scratch memory, and is used from one thread.
class Gemm {
public:
    // panelBytes: what the packed matrices of either operand may take at a time, where batches allow it.
    explicit Gemm(engine::Device& device, uint64_t panelBytes = uint64_t{256} << 20)
        : m_device(device), m_panelBytes(panelBytes) {}

    // Those that the device has for elements of some types, the reference first.
    std::vector<GemmPath> paths(GemmTypes types) const { return gemmPaths(m_device.info(), types); }
    // Why the device cannot take a path for some types, and which it can; empty where it can.
    std::string problemOf(GemmTypes types, GemmPath path) const;

    // What multiply() does by itself: chosen by device, types and shape, without measuring. GemmTuner
    // measures.
    GemmPlan planFor(const GemmProblem& problem) const;

    // Multiplies, in submissions of some 50 ms as far as a row of tiles takes no longer, and returns the last
    // one's ticket. Products of 16-bit integers are sums of those of their bytes: x y = 2^16 xh yh + 2^8 (xh
    // yl
    // + xl yh) + xl yl. Throws std::invalid_argument for a path that the device lacks or that cannot take the
    // product, extents near 2^32, matrices that span 2^32 elements or more, ranges that are too small or not
    // on whole words, rows or batches of C that overlap, and alpha and beta that integers do not take;
    // engine::OutOfMemory.
    engine::Ticket multiply(const GemmProblem& problem, const GemmPlan& plan);
    engine::Ticket multiply(const GemmProblem& problem) { return multiply(problem, planFor(problem)); }

private:
    struct Work;
    struct Panels;
    struct Chunk;
    void compute(Work& work);
    void multiplyBytes(Work& work);
    void reference(Work& work);
    void shared(Work& work);
    void skinny(Work& work);
    void addSlices(Work& work, uint32_t slices);
    void packed(Work& work);
    Panels panelsFor(const Work& work);
    uint32_t sliceDepthFor(const Work& work, const Panels& panels) const;
    void pack(Work& work, const Panels& panels, bool isA, const Chunk& chunk);
    void multiplyChunk(Work& work, const Panels& panels, Chunk chunk);
    void multiplyPanels(Work& work, const Panels& panels, const Chunk& chunk);
    void grow(Work& work, engine::Buffer& buffer, uint64_t bytes, const char* name);

    engine::Device& m_device;
    uint64_t m_panelBytes;
    engine::Buffer m_panelsA, m_panelsB, m_slices, m_partial;
};

}  // namespace quant

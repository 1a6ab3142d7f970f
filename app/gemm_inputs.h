#pragma once

#include "quant/host_product.h"
#include "quant/npy.h"

#include <cstdint>
#include <optional>
#include <string>

namespace app {

// What the command line says of a product and its operands.
struct GemmSource {
    quant::GemmTypes types = quant::GemmType::Fp32;
    std::optional<uint32_t> m, n, k;
    std::string a, b, c;  // npy files; empty: pseudo-random operands
    bool isATransposed = false, isBTransposed = false;
    float alpha = 1, beta = 0;
};

// The operands of a product, in files or made up, and the sizes that follow.
class GemmInputs {
public:
    // Opens the files. extent: of m, n and k where neither files nor options say. Throws UsageError: one of A
    // and B without the other, sizes that contradict the files, matrices of 2^32 elements or more, alpha and
    // beta that integers do not take; quant::InputError: files that cannot be read, of another type, or whose
    // shapes do not fit together.
    GemmInputs(const GemmSource& source, uint32_t extent);

    uint32_t m() const { return m_m; }
    uint32_t n() const { return m_n; }
    uint32_t k() const { return m_k; }
    uint64_t sizeBytes() const;  // of A, B and C

    // Reads the files, or fills the matrices: floats with normal deviates, integers with all their values
    // alike, by fixed seeds. Files of integers of fewer than 8 bits are int8. Throws quant::InputError.
    quant::HostProduct read() const;

private:
    void takeSizes(uint32_t extent);
    void takeFileSizes();
    quant::HostMatrix matrix(const std::optional<quant::NpyFile>& file, uint32_t rows, uint32_t columns,
                             bool isTransposed, quant::GemmType type, uint64_t seed) const;

    GemmSource m_source;
    std::optional<quant::NpyFile> m_a, m_b, m_c;
    uint32_t m_m = 0, m_n = 0, m_k = 0;
};

}  // namespace app

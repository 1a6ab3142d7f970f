#include "tests/bench/gemm/ggml_peer.h"

#ifdef CLIPSCOPE_HAS_GGML_BACKENDS

    #include <ggml-backend.h>
    #include <ggml.h>

    #include <algorithm>
    #include <chrono>
    #include <cmath>
    #include <cstdlib>
    #include <memory>
    #include <vector>

namespace bench {

namespace {

ggml_type typeOf(const std::string& type) {
    if (type == "f16") return GGML_TYPE_F16;
    return type == "q8_0" ? GGML_TYPE_Q8_0 : GGML_TYPE_F32;
}

}  // namespace

GgmlPeer::GgmlPeer() {
    // It passes over software drivers otherwise.
    setenv("GGML_VK_VISIBLE_DEVICES", "0", 0);
    ggml_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    ggml_backend_load_all();
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (!std::string(ggml_backend_dev_name(device)).starts_with("Vulkan")) continue;
        m_backend = ggml_backend_dev_init(device, nullptr);
        if (m_backend) m_device = ggml_backend_dev_description(device);
        return;
    }
}

GgmlPeer::~GgmlPeer() {
    if (m_backend) ggml_backend_free(static_cast<ggml_backend_t>(m_backend));
}

double GgmlPeer::seconds(const std::string& type, uint32_t n, int rounds) {
    if (!m_backend) return 0;
    auto* const backend = static_cast<ggml_backend_t>(m_backend);
    const ggml_init_params parameters{.mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(),
                                      .mem_buffer = nullptr,
                                      .no_alloc = true};
    const std::unique_ptr<ggml_context, void (*)(ggml_context*)> context(ggml_init(parameters), ggml_free);
    ggml_tensor* a = ggml_new_tensor_2d(context.get(), typeOf(type), n, n);
    ggml_tensor* b = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, n, n);
    ggml_tensor* c = ggml_mul_mat(context.get(), a, b);
    if (!ggml_backend_supports_op(backend, c)) return 0;
    ggml_cgraph* graph = ggml_new_graph(context.get());
    ggml_build_forward_expand(graph, c);
    const std::unique_ptr<ggml_backend_buffer, void (*)(ggml_backend_buffer*)> buffer(
        ggml_backend_alloc_ctx_tensors(context.get(), backend), ggml_backend_buffer_free);
    for (ggml_tensor* tensor : {a, b}) {
        const std::vector<char> zeros(ggml_nbytes(tensor));
        ggml_backend_tensor_set(tensor, zeros.data(), 0, zeros.size());
    }
    double least = HUGE_VAL;
    for (int round = 0; round <= rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        ggml_backend_graph_compute(backend, graph);
        ggml_backend_synchronize(backend);
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (round > 0) least = std::min(least, seconds);
    }
    return least;
}

}  // namespace bench

#else

namespace bench {

GgmlPeer::GgmlPeer() = default;
GgmlPeer::~GgmlPeer() = default;
double GgmlPeer::seconds(const std::string&, uint32_t, int) {
    return 0;
}

}  // namespace bench

#endif

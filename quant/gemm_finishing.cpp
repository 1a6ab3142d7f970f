#include "quant/gemm_finishing.h"

#include "quant/gemm_problem.h"

namespace quant {

engine::Buffer uploadFinish(engine::Device& device, const GemmProblem& problem) {
    engine::Buffer buffer(device, sizeof(shaders::GemmFinish), engine::MemoryKind::Upload,
                          "finish of a product");
    shaders::GemmFinish& values = buffer.mappedAs<shaders::GemmFinish>()[0];
    values = problem.finishing->values;
    values.m = problem.m;
    values.n = problem.n;
    values.k = problem.k;
    values.matricesA = problem.a.count;
    values.matricesB = problem.b.count;
    buffer.flush();
    return buffer;
}

}  // namespace quant

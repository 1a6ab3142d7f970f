#pragma once

#include "quant/tensor_file.h"

#include <memory>
#include <string>

namespace quant {

// Weights of the elements of tensors, from a file of tensors: those of tensor NAME are the file's tensor NAME
// or, if the file holds a single tensor, that one. Their shape must broadcast to the tensor's as numpy does
// it: equal, or fewer dimensions (counted from the last), or 1 where they differ; so [columns] weights input
// channels of a linear layer and [channels, 1, 1] those of a convolution. Weights are finite and at least 0.
class Importance {
public:
    // Throws InputError when the file cannot be used.
    explicit Importance(const std::string& path);

    // The weights of every element as a tensor of `info`'s shape, F32. Valid while this object is. Those of
    // fewer elements than the tensor are kept in host memory. Throws InputError: none for that tensor,
    // another type or shape; it, or read(), throws for a weight that is negative or not finite.
    std::unique_ptr<TensorFile> of(const TensorInfo& info) const;

private:
    std::unique_ptr<TensorFile> m_file;
};

}  // namespace quant

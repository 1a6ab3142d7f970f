// What lets one header serve GLSL and C++: the same structs, scalar layout on both sides.
#ifndef CLIPSCOPE_SHARED_TYPES_H
#define CLIPSCOPE_SHARED_TYPES_H

#ifdef __cplusplus
    #include <cstdint>
    #define SHADER_NAMESPACE_BEGIN namespace shaders {
    #define SHADER_NAMESPACE_END }
    #define SHADER_CONST inline constexpr
    // A device address; the shader sees a reference to the named buffer type.
    #define ADDRESS_OF(type) uint64_t
SHADER_NAMESPACE_BEGIN
using uint = uint32_t;
SHADER_NAMESPACE_END
#else
    #extension GL_EXT_buffer_reference : require
    #extension GL_EXT_scalar_block_layout : require
    #define SHADER_NAMESPACE_BEGIN
    #define SHADER_NAMESPACE_END
    #define SHADER_CONST const
    #define ADDRESS_OF(type) type
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words {
    uint at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Floats {
    float at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Words2 {
    uvec2 at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer Words4 {
    uvec4 at[];
};
layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer Words4Out {
    uvec4 at[];
};
#endif

SHADER_NAMESPACE_BEGIN

// Element types that kernels read: specialization constant 0 of every kernel that reads tensor data.
SHADER_CONST uint elementF32 = 0;
SHADER_CONST uint elementF16 = 1;
SHADER_CONST uint elementBF16 = 2;

SHADER_NAMESPACE_END

#endif

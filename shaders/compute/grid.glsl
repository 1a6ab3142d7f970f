// Numbers workgroups and invocations along a grid that may have a y dimension. Specialization constant 1 of
// every kernel is its workgroup size. (gl_WorkGroupSize is not used: with local_size_x_id, glslang takes it
// for 1 in functions that stand before the layout.)
#ifndef GRID_GLSL
#define GRID_GLSL

layout(constant_id = 1) const uint workgroupSize = 8;
layout(local_size_x_id = 1) in;

uint workgroupIndex() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}
uint invocationIndex() {
    return workgroupIndex() * workgroupSize + gl_LocalInvocationID.x;
}

#endif

// The lanes' walk over a chunk of a channel (BatchGeometry): takeElement of lane_runs.glsl with each element.
#ifndef BATCH_CHUNKS_GLSL
#define BATCH_CHUNKS_GLSL

#include "compute/lane_runs.glsl"
#include "normalization.h"

struct Chunk {
    uint channel;
    uint firstImage;
    uint endImage;
    uint start;   // its first element
    uint pixels;  // of each image
};

Chunk chunkOf(BatchGeometry geometry, uint group) {
    const uint channel = group / geometry.chunks, chunk = group % geometry.chunks;
    const uint firstPixel = chunk % geometry.chunksAcross * geometry.chunkPixels;
    const uint image = chunk / geometry.chunksAcross * geometry.chunkImages;
    return Chunk(channel, image, min(image + geometry.chunkImages, geometry.images),
                 (image * geometry.channels + channel) * geometry.pixels + firstPixel,
                 min(geometry.chunkPixels, geometry.pixels - firstPixel));
}

void walkChunk(uint pass, Words data, BatchGeometry geometry, Chunk chunk) {
    const uint stride = geometry.channels * geometry.pixels;
    uint image = chunk.firstImage, start = chunk.start;
    if (geometry.pixelLanes == workgroupSize) {
        do {
            walkRun(pass, data, start, chunk.pixels);
            start += stride;
        } while (++image < chunk.endImage);
    } else {
        // The chunk has all pixels of its images, and there is a lane for each.
        const uint pixel = lane % geometry.pixelLanes, ahead = lane / geometry.pixelLanes;
        const uint imageLanes = workgroupSize / geometry.pixelLanes;
        do {
            const uint index = start + ahead * stride + pixel;
            if (image + ahead < chunk.endImage && pixel < chunk.pixels)
                takeElement(pass, index, elementAt(data, index));
            image += imageLanes;
            start += imageLanes * stride;
        } while (image < chunk.endImage);
    }
}

#endif

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;     // feature maps, of the images of a chunk
@group(0) @binding(1) var<storage, read_write> scratch: array<f32>; // maps that last from one dispatch to the next
@group(0) @binding(2) var<storage, read_write> state: array<f32>;   // normalisations, partial sums, results
@group(0) @binding(3) var<storage, read> params: array<f32>;        // what the host gives of a pass
@group(1) @binding(0) var<storage, read> table: array<i32>;         // the dispatch's jobs

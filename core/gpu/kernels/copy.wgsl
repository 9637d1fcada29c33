// The rate of memory: each thread copies four floats. The words: 0 floats.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let first = i32((wid.y * grid.x + wid.x) * 1024u + thread);
    for (var i = 0; i < 4; i++) {
        if (first + 256 * i < table[0]) {
            scratch[first + 256 * i] = mem[first + 256 * i];
        }
    }
}

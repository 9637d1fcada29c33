// Features: the means of a node's planes. A workgroup has a channel. The words: 0 pixels, 1 images, 2 map in mem, 3 features in state,
// 4 from a feature to the next.
const THREADS = 64u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let pixels = table[j];
    let images = table[j + 1];
    let plane = table[j + 2] + job.group * pixels * images;
    for (var i = i32(thread); i < images; i += i32(THREADS)) {
        var sum = 0.0;
        for (var p = 0; p < pixels; p++) {
            sum += mem[plane + p * images + i];
        }
        state[table[j + 3] + job.group * table[j + 4] + i] = sum / f32(pixels);
    }
}

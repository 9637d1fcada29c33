// The gradient of an array of weights, of all that it was taken of. The words: 0 its place in state, 1 its length, 2 origins; then of each
// origin: place in state, from a share to the next, shares.
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let i = job.group * 256 + i32(thread);
    if (i >= table[j + 1]) {
        return;
    }
    var sum = 0.0;
    for (var k = 0; k < table[j + 2]; k++) {
        let origin = j + 3 + 3 * k;
        for (var share = 0; share < table[origin + 2]; share++) {
            sum += state[table[origin] + share * table[origin + 1] + i];
        }
    }
    state[table[j] + i] = sum;
}

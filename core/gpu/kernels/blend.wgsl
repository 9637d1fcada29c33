// The gradient of a pool's output, of all its readers' and through their normalisations. A workgroup has 1024 values of a channel. The
// words: 0 values of a plane, 1 gradient in scratch, 2 pool's output in mem, 3 channels, 4 readers, 5 blocks; then of each reader:
// weight, its gradient, coefficients in state or -1, list of channels.
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let plane = table[j];
    let channels = table[j + 3];
    let c = job.group / table[j + 5];
    let first = job.group % table[j + 5] * 1024 + i32(thread);
    var sums = vec4<f32>();
    for (var t = 0; t < table[j + 4]; t++) {
        let reader = j + 6 + 4 * t;
        let to = channel(j, table[reader + 3], c);
        if (to < 0 || idle(table[reader])) {
            continue;
        }
        let coefficients = table[reader + 2];
        var a = weightOf(table[reader]);
        var b = 0.0;
        var d = 0.0;
        if (coefficients >= 0) {
            a = state[coefficients + c];
            b = state[coefficients + channels + c];
            d = state[coefficients + 2 * channels + c];
        }
        for (var i = 0; i < 4; i++) {
            let at = first + 256 * i;
            if (at < plane) {
                sums[i] += a * mem[table[reader + 1] + to * plane + at] + d;
                if (coefficients >= 0) {
                    sums[i] += b * mem[table[j + 2] + c * plane + at];
                }
            }
        }
    }
    for (var i = 0; i < 4; i++) {
        let at = first + 256 * i;
        if (at < plane) {
            scratch[table[j + 1] + c * plane + at] = sums[i];
        }
    }
}

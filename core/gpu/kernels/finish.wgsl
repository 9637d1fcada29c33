// The normalisation of a channel, of the moments of all blocks or of the running statistics: scale, shift, mean and inverse deviation.
// The words: 0 its place in state, 1 channels, 2 places of scale and 3 of shift among the weights or -1, 4 running statistics in
// params, 5 where those of the batch go in state, 6 moments, 7 blocks of a channel, 8 number and 9 list of the operations' weights of which one at
// least is at work.
const THREADS = 64u;
const EPSILON = 1e-5;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let c = job.group;
    let norm = table[j];
    let channels = table[j + 1];
    let running = table[j + 4];
    let kept = table[j + 5];
    var mean = params[running + c];
    var variance = params[running + channels + c];
    var rests = true;
    for (var i = 0; i < table[j + 8]; i++) {
        rests = rests && idle(table[j + 9 + i]);
    }
    if (rests) {
        return;
    }
    if (params[TRAIN] > 0.0) {
        let blocks = table[j + 7];
        let moments = table[j + 6] + c * blocks * 3;
        var sums = vec4<f32>();
        for (var i = i32(thread); i < blocks; i += i32(THREADS)) {
            let n = state[moments + 3 * i + 2];
            sums += vec4<f32>(n, n * state[moments + 3 * i], 0.0, 0.0);
        }
        sums = total(sums, thread);
        let middle = sums.y / sums.x;
        var squares = 0.0;
        for (var i = i32(thread); i < blocks; i += i32(THREADS)) {
            let apart = state[moments + 3 * i] - middle;
            squares += state[moments + 3 * i + 1] + state[moments + 3 * i + 2] * apart * apart;
        }
        squares = total(vec4<f32>(squares, 0.0, 0.0, 0.0), thread).x;
        if (thread == 0u) {
            state[kept + c] = middle;
            state[kept + channels + c] = squares / max(sums.x - 1.0, 1.0);
        }
        mean = middle;
        variance = squares / sums.x;
    }
    if (thread == 0u) {
        let inverse = 1.0 / sqrt(variance + EPSILON);
        var scale = inverse;
        var shift = -mean * inverse;
        if (table[j + 2] >= 0) {
            scale *= params[table[j + 2] + c];
            shift = params[table[j + 3] + c] - mean * scale;
        }
        state[norm + c] = scale;
        state[norm + channels + c] = shift;
        state[norm + 2 * channels + c] = mean;
        state[norm + 3 * channels + c] = inverse;
    }
}

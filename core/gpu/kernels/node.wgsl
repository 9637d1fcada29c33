// A node: the weighted sum of its terms, and its ReLU. A workgroup has 1024 values of a channel. The words: 0 values of a plane, 1 images,
// 2 sum and 3 ReLU in mem or -1, 4 terms, 5 blocks; then of each term: weight, map, normalisation or -1, its channels,
// masks in params or -1, list of channels. A node without terms has its sum already.
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let plane = table[j];
    let images = table[j + 1];
    let terms = table[j + 4];
    let c = job.group / table[j + 5];
    let first = job.group % table[j + 5] * 1024 + i32(thread);
    var sums = vec4<f32>();
    for (var t = 0; t < terms; t++) {
        let term = j + 6 + 6 * t;
        let origin = channel(j, table[term + 5], c);
        if (origin < 0 || idle(table[term])) {
            continue;
        }
        let norm = table[term + 2];
        let masks = table[term + 4];
        var scale = weightOf(table[term]);
        var shift = 0.0;
        if (norm >= 0) {
            shift = scale * state[norm + table[term + 3] + origin];
            scale *= state[norm + origin];
        }
        for (var i = 0; i < 4; i++) {
            let at = first + 256 * i;
            if (at < plane) {
                var v = scale * mem[table[term + 1] + origin * plane + at] + shift;
                if (masks >= 0) {
                    v *= params[masks + at % images];
                }
                sums[i] += v;
            }
        }
    }
    for (var i = 0; i < 4; i++) {
        let at = first + 256 * i;
        if (at < plane) {
            var v = sums[i];
            if (terms == 0) {
                v = mem[table[j + 2] + c * plane + at];
            } else if (table[j + 2] >= 0) {
                mem[table[j + 2] + c * plane + at] = v;
            }
            if (table[j + 3] >= 0) {
                mem[table[j + 3] + c * plane + at] = select(v, 0.0, v < 0.0);
            }
        }
    }
}

// A classifier's gradients: of its features, of its matrix and, in one more workgroup, of its biases. A workgroup has a column of the
// matrix. The words are classify's, but 13 the matrix's, 14 the bias's and 15 the second bias's gradient in state; then of each branch
// features, their number, their gradient.
const THREADS = 64u;

fn factor(j: i32, branch: i32) -> f32 {
    if (table[j + 2] == 1 || table[j + 12] >= 0) {
        return 1.0;
    }
    return params[FACTORS + branch];
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let classes = table[j];
    let batch = table[j + 1];
    let columns = table[j + 4];
    let cosine = table[j + 7] > 0;
    let logits = table[j + 8];
    let gradient = table[j + 9];
    let lengths = table[j + 10];
    let column = job.group;
    if (column == columns) {
        for (var o = i32(thread); o < classes; o += i32(THREADS)) {
            var sum = 0.0;
            for (var n = 0; n < batch; n++) {
                sum += state[gradient + o * batch + n];
            }
            if (table[j + 15] >= 0) {
                state[table[j + 14] + o] = factor(j, 0) * sum;
                state[table[j + 15] + o] = factor(j, 1) * sum;
            } else {
                state[table[j + 14] + o] = sum;
            }
        }
        return;
    }
    var branch = 0;
    var feature = column;
    if (feature >= table[j + 17]) {
        branch = 1;
        feature -= table[j + 17];
    }
    let own = j + 16 + 3 * branch;
    let f = factor(j, branch);
    let features = table[own] + feature * batch;
    let weights = table[j + 3] + column;
    for (var n = i32(thread); n < batch; n += i32(THREADS)) {
        var sum = 0.0;
        for (var o = 0; o < classes; o++) {
            let d = state[gradient + o * batch + n];
            let w = params[weights + o * columns];
            if (cosine) {
                let image = state[lengths + classes + n];
                sum += d * (w / state[lengths + o] - state[logits + o * batch + n] * f * state[features + n] / image) / image;
            } else {
                sum += d * w;
            }
        }
        state[table[own + 2] + feature * batch + n] = f * sum;
    }
    for (var o = i32(thread); o < classes; o += i32(THREADS)) {
        var sum = 0.0;
        for (var n = 0; n < batch; n++) {
            let d = state[gradient + o * batch + n];
            let x = f * state[features + n];
            if (cosine) {
                let row = state[lengths + o];
                sum += d * (x / state[lengths + classes + n] - state[logits + o * batch + n] * params[weights + o * columns] / row) / row;
            } else {
                sum += d * x;
            }
        }
        state[table[j + 13] + o * columns + column] = sum;
    }
}

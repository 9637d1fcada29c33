// The gradient of a normalisation and of an operation's weight, of the inner products of all blocks, as a·g + b·x + d. A workgroup has
// all channels. The words: 0 weight, 1 whether the gradient counts by it, 2 whether it serves weights alone, 3 channels of the sum,
// 4 normalisation in state or -1, 5 its channels, 6 places of scale and 7 of shift among the weights or -1, 8 coefficients in state, 9 the
// gradients of scale and 10 of shift in state or -1, 11 values of a channel, 12 products, 13 from a channel's to the next's, 14 blocks,
// 15 list of channels, 16 where the weight's gradient goes in state or -1.
const THREADS = 64u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    if (table[j + 2] > 0 && params[WEIGHTING] == 0.0) {
        return;
    }
    let rests = idle(table[j]);
    var w = 1.0;
    if (table[j + 1] > 0) {
        w = weightOf(table[j]);
    }
    let norm = table[j + 4];
    let channels = table[j + 5];
    let count = f32(table[j + 11]);
    let blocks = table[j + 14];
    var gradient = 0.0;
    for (var c = i32(thread); c < table[j + 3]; c += i32(THREADS)) {
        let origin = channel(j, table[j + 15], c);
        if (origin < 0) {
            continue;
        }
        var product = 0.0;
        var sum = 0.0;
        if (!rests) {
            for (var i = 0; i < blocks; i++) {
                let at = table[j + 12] + c * table[j + 13] + 2 * i;
                product += state[at];
                sum += state[at + 1];
            }
        }
        if (norm < 0) {
            gradient += product;
            continue;
        }
        var scale = 1.0;
        var shift = 0.0;
        if (table[j + 6] >= 0) {
            scale = params[table[j + 6] + origin];
            shift = params[table[j + 7] + origin];
            state[table[j + 9] + origin] = w * product;
            state[table[j + 10] + origin] = w * sum;
        }
        let inverse = state[norm + 3 * channels + origin];
        let a = w * scale * inverse;
        let b = -a * inverse * product / count;
        state[table[j + 8] + origin] = a;
        state[table[j + 8] + channels + origin] = b;
        state[table[j + 8] + 2 * channels + origin] = -a * sum / count - b * state[norm + 2 * channels + origin];
        gradient += scale * product + shift * sum;
    }
    let all = total(vec4<f32>(gradient, 0.0, 0.0, 0.0), thread).x;
    if (thread == 0u && table[j + 16] >= 0) {
        state[table[j + 16]] = all;
    }
}

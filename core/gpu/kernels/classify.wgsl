// A classifier: an image's logits, and the loss's gradient with respect to them. A workgroup has an image, a thread some classes. The
// words: 0 classes, 1 batch, 2 branches, 3 place of the matrix, 4 its columns, 5 bias or -1, 6 the second branch's bias or -1, 7 whether
// it is one of cosines, 8 logits, 9 their gradient and 10 lengths of rows and images in state, 11 share of the loss, 12 branch that an
// auxiliary one answers for or -1, 13 all labels' place in params: of a branch and image two labels, then the factors of either's
// loss; 14 classes of which the loss has something; then of each branch: features in state, their number, their gradient.
const THREADS = 64u;

fn factor(j: i32, branch: i32) -> f32 {
    if (table[j + 2] == 1 || table[j + 12] >= 0) {
        return 1.0;
    }
    return params[FACTORS + branch];
}

var<workgroup> heap: array<f32, THREADS>;

fn highest(v: f32, thread: u32) -> f32 {
    heap[thread] = v;
    for (var n = THREADS / 2u; n > 0u; n /= 2u) {
        workgroupBarrier();
        if (thread < n) {
            heap[thread] = max(heap[thread], heap[thread + n]);
        }
    }
    workgroupBarrier();
    let top = heap[0];
    workgroupBarrier();
    return top;
}

// slope is the derivative of (1-e^-ce)^γ·ce.
fn slope(ce: f32) -> f32 {
    let gamma = params[GAMMA];
    if (gamma == 0.0) {
        return 1.0;
    }
    let p = exp(-ce);
    var q = 1.0 - p;
    if (ce < 0.05) { // where the difference has few digits
        q = ce * (1.0 - ce * (0.5 - ce * (1.0 / 6.0 - ce / 24.0)));
    }
    if (q <= 0.0) {
        return 0.0;
    }
    return pow(q, gamma) + gamma * pow(q, gamma - 1.0) * p * ce;
}

// adjusted is a logit as the loss takes it, where the label is given.
fn adjusted(z: f32, classes: i32, o: i32, label: i32) -> f32 {
    var v = z + params[CLASSES + classes + o];
    if (o == label) {
        v -= params[CLASSES + 2 * classes + o];
    }
    return v * params[SCALE];
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let n = job.group;
    if (n == 0 && thread == 0u) {
        state[0] = params[PASS]; // the pass that the results are of
    }
    let classes = table[j];
    let batch = table[j + 1];
    let columns = table[j + 4];
    let cosine = table[j + 7] > 0;
    let logits = table[j + 8] + n;
    let gradient = table[j + 9] + n;
    let lengths = table[j + 10];
    for (var o = i32(thread); o < classes; o += i32(THREADS)) {
        var z = 0.0;
        var row = 0.0;
        var image = 0.0;
        var at = table[j + 3] + o * columns;
        for (var b = 0; b < table[j + 2]; b++) {
            let f = factor(j, b);
            let features = table[j + 15 + 3 * b] + n;
            for (var i = 0; i < table[j + 16 + 3 * b]; i++) {
                let w = params[at];
                let v = f * state[features + i * batch];
                z += w * v;
                row += w * w;
                image += v * v;
                at++;
            }
        }
        if (cosine) {
            row = select(sqrt(row), 1.0, row == 0.0);
            image = select(sqrt(image), 1.0, image == 0.0);
            z /= row * image;
            if (n == 0) {
                state[lengths + o] = row;
            }
            if (o == 0) {
                state[lengths + classes + n] = image;
            }
        } else if (table[j + 6] >= 0) {
            z += factor(j, 0) * params[table[j + 5] + o] + factor(j, 1) * params[table[j + 6] + o];
        } else {
            z += params[table[j + 5] + o];
        }
        state[logits + o * batch] = z;
        state[gradient + o * batch] = 0.0;
    }
    if (params[LOSS] == 0.0) {
        return;
    }
    let all = table[j + 14];
    for (var pair = 0; pair < 4; pair++) {
        let branch = pair / 2;
        let at = table[j + 13] + (branch * batch + n) * 4 + pair % 2;
        let share = params[at + 2] * bitcast<f32>(table[j + 11]);
        if (share == 0.0 || (table[j + 12] >= 0 && table[j + 12] != branch)) {
            continue;
        }
        let label = i32(params[at]);
        let weight = params[CLASSES + label];
        let step = share * params[SCALE];
        if (params[SIGMOID] > 0.0) {
            for (var o = i32(thread); o < classes; o += i32(THREADS)) {
                let z = adjusted(state[logits + o * batch], all, o, label);
                let sign = select(1.0, -1.0, o == label);
                let e = exp(-abs(z));
                let ce = log(1.0 + e) + max(sign * z, 0.0);
                let miss = select(e, 1.0, sign * z > 0.0) / (1.0 + e); // 1 - e^-ce
                state[gradient + o * batch] += step * weight * slope(ce) * sign * miss;
            }
            continue;
        }
        var top = -3e38;
        for (var o = i32(thread); o < classes; o += i32(THREADS)) {
            top = max(top, adjusted(state[logits + o * batch], all, o, label));
        }
        top = highest(top, thread);
        var sums = vec4<f32>();
        for (var o = i32(thread); o < classes; o += i32(THREADS)) {
            let z = adjusted(state[logits + o * batch], all, o, label);
            sums.x += exp(z - top);
            if (o == label) {
                sums.y = z;
            }
        }
        sums = total(sums, thread);
        let ce = log(sums.x) + top - sums.y;
        let inclined = step * weight * slope(weight * ce);
        for (var o = i32(thread); o < classes; o += i32(THREADS)) {
            let p = exp(adjusted(state[logits + o * batch], all, o, label) - top) / sums.x;
            state[gradient + o * batch] += inclined * (p - select(0.0, 1.0, o == label));
        }
    }
}

// A node's gradient, of all that reads it, through its ReLU, and its inner products with the node's terms. A workgroup has 1024 values of
// a channel. The words: 0 values of a plane, 1 images, 2 width and 3 height, 4 gradient in mem, 5 whether convolutions
// have left theirs there, 6 whether it serves weights alone, 7 what the ReLU's gate is read of, or -1, 8 blocks, 9 the numbers of heads,
// nodes and pools that read the ReLU, and 12 the sum; 15 terms, 16 whether some have masks, 17 products' place in state, 18 blocks of a
// channel among all products. Then, in the order of their numbers, of each head: its features' gradient in state, from one to the next;
// of each node: weight, gradient, list of channels; of each pool: gradient in scratch, output and source in mem, whether it is a maximum,
// size, stride and padding of the window, height and width of the output; of each term: weight, map, normalisation or -1, its channels,
// masks in params or -1, a gradient of its own or -1, list of channels, whether its product is of use.
const THREADS = 256u;

fn heads(j: i32, at: i32, n: i32, c: i32, first: i32) -> vec4<f32> {
    let scale = 1.0 / f32(table[j + 2] * table[j + 3]);
    var sums = vec4<f32>();
    for (var h = 0; h < n; h++) {
        for (var i = 0; i < 4; i++) {
            sums[i] += scale * state[table[at + 2 * h] + c * table[at + 2 * h + 1] + (first + 256 * i) % table[j + 1]];
        }
    }
    return sums;
}

fn readers(j: i32, at: i32, n: i32, c: i32, first: i32) -> vec4<f32> {
    let plane = table[j];
    var sums = vec4<f32>();
    for (var u = 0; u < n; u++) {
        let reader = at + 3 * u;
        let to = channel(j, table[reader + 2], c);
        if (to < 0 || idle(table[reader])) {
            continue;
        }
        let w = weightOf(table[reader]);
        for (var i = 0; i < 4; i++) {
            if (first + 256 * i < plane) {
                sums[i] += w * mem[table[reader + 1] + to * plane + first + 256 * i];
            }
        }
    }
    return sums;
}

// leads says whether the element at row y and column x is the first of a window that is its maximum.
fn leads(source: i32, y: i32, x: i32, top: i32, left: i32, size: i32, width: i32, images: i32, image: i32, most: f32) -> bool {
    if (mem[source + (y * width + x) * images + image] != most) {
        return false;
    }
    for (var v = max(top, 0); v <= y; v++) {
        for (var u = max(left, 0); u < min(left + size, width); u++) {
            if (v == y && u == x) {
                return true;
            }
            if (mem[source + (v * width + u) * images + image] == most) {
                return false;
            }
        }
    }
    return true;
}

fn pools(j: i32, at: i32, n: i32, c: i32, first: i32) -> vec4<f32> {
    let plane = table[j];
    let images = table[j + 1];
    let width = table[j + 2];
    let height = table[j + 3];
    var sums = vec4<f32>();
    for (var p = 0; p < n; p++) {
        let pool = at + 9 * p;
        let size = table[pool + 4];
        let stride = table[pool + 5];
        let padding = table[pool + 6];
        let rows = table[pool + 7];
        let columns = table[pool + 8];
        let outputs = c * rows * columns * images;
        for (var i = 0; i < reach(plane, first); i++) {
            let e = first + 256 * i;
            let image = e % images;
            let x = e / images % width;
            let y = e / images / width;
            // The windows that have the element begin no further than size before it.
            for (var wy = max(0, (y + padding - size) / stride); wy < min(rows, (y + padding) / stride + 1); wy++) {
                let top = wy * stride - padding;
                if (y < top || y >= top + size) {
                    continue;
                }
                for (var wx = max(0, (x + padding - size) / stride); wx < min(columns, (x + padding) / stride + 1); wx++) {
                    let left = wx * stride - padding;
                    if (x < left || x >= left + size) {
                        continue;
                    }
                    let o = outputs + (wy * columns + wx) * images + image;
                    let g = scratch[table[pool] + o];
                    if (table[pool + 3] == 0) {
                        let count = (min(top + size, height) - max(top, 0)) * (min(left + size, width) - max(left, 0));
                        sums[i] += g / f32(count);
                    } else if (leads(table[pool + 2] + c * plane, y, x, top, left, size, width, images, image, mem[table[pool + 1] + o])) {
                        sums[i] += g;
                    }
                }
            }
        }
    }
    return sums;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    if (table[j + 6] > 0 && params[WEIGHTING] == 0.0) {
        return;
    }
    let plane = table[j];
    let images = table[j + 1];
    let c = job.group / table[j + 8];
    let block = job.group % table[j + 8];
    let first = block * 1024 + i32(thread);
    let own = c * plane + first;
    var g = vec4<f32>();
    if (table[j + 5] > 0) {
        for (var i = 0; i < 4; i++) {
            if (first + 256 * i < plane) {
                g[i] = mem[table[j + 4] + own + 256 * i];
            }
        }
    }
    var at = j + 19;
    g += heads(j, at, table[j + 9], c, first);
    at += 2 * table[j + 9];
    g += readers(j, at, table[j + 10], c, first);
    at += 3 * table[j + 10];
    g += pools(j, at, table[j + 11], c, first);
    at += 9 * table[j + 11];
    for (var i = 0; i < 4; i++) {
        if (table[j + 7] >= 0 && first + 256 * i < plane) {
            if (mem[table[j + 7] + own + 256 * i] <= 0.0) {
                g[i] = 0.0;
            }
        }
    }
    g += heads(j, at, table[j + 12], c, first);
    at += 2 * table[j + 12];
    g += readers(j, at, table[j + 13], c, first);
    at += 3 * table[j + 13];
    g += pools(j, at, table[j + 14], c, first);
    at += 9 * table[j + 14];
    for (var i = 0; i < 4; i++) {
        if (first + 256 * i < plane) {
            mem[table[j + 4] + own + 256 * i] = g[i];
        } else {
            g[i] = 0.0;
        }
    }
    let terms = table[j + 15];
    if (terms == 0) {
        return;
    }
    let whole = total(vec4<f32>(g.x + g.y + g.z + g.w, 0.0, 0.0, 0.0), thread).x;
    for (var four = 0; four < terms; four += 4) {
        var dots = vec4<f32>();
        var sums = vec4<f32>(whole);
        for (var k = 0; k < min(4, terms - four); k++) {
            let term = at + 8 * (four + k);
            let masks = table[term + 4];
            let origin = channel(j, table[term + 6], c);
            if (origin < 0) {
                continue;
            }
            var h = g;
            if (masks >= 0) {
                for (var i = 0; i < 4; i++) {
                    if (first + 256 * i < plane) {
                        h[i] *= params[masks + (first + 256 * i) % images];
                        mem[table[term + 5] + own + 256 * i] = h[i];
                    }
                }
                sums[k] = h.x + h.y + h.z + h.w;
            }
            if (table[term + 7] == 0 || idle(table[term])) {
                continue;
            }
            var values = vec4<f32>();
            for (var i = 0; i < 4; i++) {
                if (first + 256 * i < plane) {
                    values[i] = mem[table[term + 1] + origin * plane + first + 256 * i];
                }
            }
            let norm = table[term + 2];
            if (norm >= 0) {
                let channels = table[term + 3];
                values = (values - state[norm + 2 * channels + origin]) * state[norm + 3 * channels + origin];
            }
            dots[k] = dot(h, values);
        }
        dots = total(dots, thread);
        if (table[j + 16] > 0) {
            let masked = total(sums, thread);
            for (var k = 0; k < min(4, terms - four); k++) {
                if (table[at + 8 * (four + k) + 4] >= 0) {
                    sums[k] = masked[k];
                }
            }
        }
        let k = i32(thread);
        if (k < min(4, terms - four)) {
            let to = table[j + 17] + ((c * terms + four + k) * table[j + 18] + block) * 2;
            state[to] = dots[k];
            state[to + 1] = sums[k];
        }
    }
}

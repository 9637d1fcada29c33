// What convolutions send back to a node, or to the convolution before, by their windows' transposes; there it goes through the ReLU,
// and its inner products with what was read are taken. A workgroup has 1024 values of a channel. The words: 0 values of a plane, 1 images,
// 2 height and 3 width, 4 gradient in mem, 5 whether it is set, or added to, 6 whether it serves weights alone, 7 output of the
// convolution before in mem or -1, 8 its normalisation, 9 channels, 10 whether its ReLU was read, 11 products in state or -1, 12 blocks of
// a channel among all products, 13 blocks here, 14 senders; then of each sender: weight, kind of its views, their gradient in scratch,
// place of the window's weights, size, stride, dilation and padding, height and width of a view.
const THREADS = 256u;
const SELECTION = 0;
const MEAN = 2;

fn sent(j: i32, sender: i32, c: i32, first: i32) -> vec4<f32> {
    let plane = table[j];
    let images = table[j + 1];
    let rows = table[j + 2];
    let columns = table[j + 3];
    let kind = table[sender + 1];
    let origin = table[sender + 2];
    let size = table[sender + 4];
    let stride = table[sender + 5];
    let dilation = table[sender + 6];
    let padding = table[sender + 7];
    let height = table[sender + 8];
    let width = table[sender + 9];
    let weights = table[sender + 3] + c * size * size;
    var sums = vec4<f32>();
    for (var i = 0; i < reach(plane, first); i++) {
        let e = first + 256 * i;
        if (kind == SELECTION) {
            sums[i] = scratch[origin + c * plane + e];
            continue;
        }
        let image = e % images;
        let x = e / images % columns + padding;
        let y = e / images / columns + padding;
        let views = origin + c * height * width * images + image;
        var sum = 0.0;
        for (var ky = 0; ky < size; ky++) {
            let dy = y - ky * dilation;
            let oy = dy / stride;
            if (dy < 0 || dy != oy * stride || oy >= height) {
                continue;
            }
            for (var kx = 0; kx < size; kx++) {
                let dx = x - kx * dilation;
                let ox = dx / stride;
                if (dx >= 0 && dx == ox * stride && ox < width) {
                    var w = 1.0;
                    if (kind == MEAN) {
                        let top = oy * stride - padding;
                        let left = ox * stride - padding;
                        w /= f32((min(top + size, rows) - max(top, 0)) * (min(left + size, columns) - max(left, 0)));
                    } else {
                        w = params[weights + ky * size + kx];
                    }
                    sum += w * scratch[views + (oy * width + ox) * images];
                }
            }
        }
        sums[i] = sum;
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
    let before = table[j + 7];
    let c = job.group / table[j + 13];
    let block = job.group % table[j + 13];
    let first = block * 1024 + i32(thread);
    let own = c * plane + first;
    if (before >= 0 && idle(table[j + 15])) {
        return;
    }
    var sums = vec4<f32>();
    for (var k = 0; k < table[j + 14]; k++) {
        let sender = j + 15 + 10 * k;
        if (!idle(table[sender])) {
            sums += sent(j, sender, c, first);
        }
    }
    var products = vec4<f32>();
    for (var i = 0; i < reach(plane, first); i++) {
        let at = own + 256 * i;
        if (before < 0) {
            if (table[j + 5] > 0) {
                mem[table[j + 4] + at] = sums[i];
            } else {
                mem[table[j + 4] + at] += sums[i];
            }
            continue;
        }
        let norm = table[j + 8];
        let channels = table[j + 9];
        let x = mem[before + at];
        if (table[j + 10] > 0 && state[norm + c] * x + state[norm + channels + c] <= 0.0) {
            sums[i] = 0.0;
        }
        mem[table[j + 4] + at] = sums[i];
        if (table[j + 11] >= 0) {
            products[i] = (x - state[norm + 2 * channels + c]) * state[norm + 3 * channels + c];
        }
    }
    if (table[j + 11] < 0) {
        return;
    }
    let all = total(vec4<f32>(dot(sums, products), sums.x + sums.y + sums.z + sums.w, 0.0, 0.0), thread);
    if (thread == 0u) {
        let to = table[j + 11] + (c * table[j + 12] + block) * 2;
        state[to] = all.x;
        state[to + 1] = all.y;
    }
}

// A pool of a node, and its moments. A workgroup has 1024 values of a channel. The words: 0 values of the output's plane, 1 its width,
// 2 images, 3 height and 4 width of the source, 5 output, 6 source in mem, 7 whether it is a maximum, 8 size, 9 stride and 10 padding
// of the window, 11 moments or -1, 12 blocks of a channel among all moments, 13 blocks here, 14 number and 15 list of its readers' weights.
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    var rests = true;
    for (var i = 0; i < table[j + 14]; i++) {
        rests = rests && idle(table[j + 15 + i]);
    }
    if (rests) {
        return;
    }
    let plane = table[j];
    let images = table[j + 2];
    let height = table[j + 3];
    let width = table[j + 4];
    let most = table[j + 7] > 0;
    let size = table[j + 8];
    let blocks = table[j + 13];
    let c = job.group / blocks;
    let block = job.group % blocks;
    let source = table[j + 6] + c * height * width * images;
    var values = vec4<f32>();
    var count = vec4<f32>();
    for (var i = 0; i < reach(plane, block * 1024 + i32(thread)); i++) {
        let at = block * 1024 + 256 * i + i32(thread);
        let image = at % images;
        let left = at / images % table[j + 1] * table[j + 9] - table[j + 10];
        let top = at / images / table[j + 1] * table[j + 9] - table[j + 10];
        var sum = 0.0;
        var n = 0.0;
        for (var y = max(top, 0); y < min(top + size, height); y++) {
            for (var x = max(left, 0); x < min(left + size, width); x++) {
                let v = mem[source + (y * width + x) * images + image];
                if (!most) {
                    sum += v;
                } else if (n == 0.0 || v > sum) {
                    sum = v;
                }
                n += 1.0;
            }
        }
        if (!most) {
            sum /= n;
        }
        mem[table[j + 5] + c * plane + at] = sum;
        values[i] = sum;
        count[i] = 1.0;
    }
    if (table[j + 11] < 0 || params[TRAIN] == 0.0) {
        return;
    }
    let n = f32(min(1024, plane - block * 1024));
    let mean = total(vec4<f32>(dot(values, count), 0.0, 0.0, 0.0), thread).x / n;
    let apart = (values - mean) * count;
    let square = total(vec4<f32>(dot(apart, apart), 0.0, 0.0, 0.0), thread).x;
    if (thread == 0u) {
        let at = table[j + 11] + (c * table[j + 12] + block) * 3;
        state[at] = mean;
        state[at + 1] = square;
        state[at + 2] = n;
    }
}

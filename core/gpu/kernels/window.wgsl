// The gradient of a window's weights: that of the views times what the window reads. A workgroup has a channel. The words: 0 operation's
// weight, 1 pixels, 2 width of a view, 3 views' gradient in scratch, 4 the weights' gradient in state; 5 the source.
const THREADS = 256u;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let pixels = table[j + 1];
    let width = table[j + 2];
    let s = source(j + 5);
    let images = s.images;
    let taps = s.size * s.size;
    let rests = idle(table[j]);
    let c = job.group;
    let upstream = table[j + 3] + c * pixels;
    let r = reader(s, c);
    for (var first = 0; first < taps; first += 4) {
        var sums = vec4<f32>();
        if (!rests) {
            for (var p = i32(thread); p < pixels; p += 256) {
                let g = scratch[upstream + p];
                let image = p % images;
                let y = p / images / width * s.stride - s.padding;
                let x = p / images % width * s.stride - s.padding;
                for (var i = 0; i < min(4, taps - first); i++) {
                    let iy = y + (first + i) / s.size * s.dilation;
                    let ix = x + (first + i) % s.size * s.dilation;
                    if (iy >= 0 && iy < s.height && ix >= 0 && ix < s.width) {
                        sums[i] += g * element(r, (iy * s.width + ix) * images + image);
                    }
                }
            }
        }
        sums = total(sums, thread);
        if (i32(thread) < min(4, taps - first)) {
            state[table[j + 4] + c * taps + first + i32(thread)] = sums[thread];
        }
    }
}

// The gradient of a convolution's matrix: that of the output, which is read through its normalisation, times the views. A workgroup has 16
// rows and 16 columns of it, a thread one element, of a share of the pixels. The words: 0 operation's weight, 1 pixels, 2 width of the
// output, 3 rows, 4 columns of the matrix, 5 upstream gradient and 6 output in mem, of the first row, 7 coefficients of the first row in
// state, 8 from one coefficient to the next, 9 gradient in state, 10 pixels of a share, 11 shares; 12 the source.
const THREADS = 256u;

var<workgroup> left: array<vec4<f32>, 272>; // 16 rows of 64 pixels, kept apart
var<workgroup> right: array<vec4<f32>, 272>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    let pixels = table[j + 1];
    let width = table[j + 2];
    let rows = table[j + 3];
    let columns = table[j + 4];
    let coefficients = table[j + 7];
    let apart = table[j + 8];
    let shares = table[j + 11];
    let s = source(j + 12);
    let images = s.images;
    let part = table[j + 10];
    let rests = idle(table[j]);
    let tiles = (columns + 15) / 16;
    let share = job.group % shares;
    let tile = job.group / shares;
    let low = i32(thread / 16u);
    let high = i32(thread % 16u);
    let firstRow = tile / tiles * 16;
    let firstColumn = tile % tiles * 16;
    let row = firstRow + low;
    let column = firstColumn + low;
    let upstream = table[j + 5] + row * pixels;
    let output = table[j + 6] + row * pixels;
    var a = 0.0;
    var b = 0.0;
    var d = 0.0;
    if (row < rows) {
        a = state[coefficients + row];
        b = state[coefficients + apart + row];
        d = state[coefficients + 2 * apart + row];
    }
    let end = min(pixels, (share + 1) * part);
    var sum = 0.0;
    if (!rests) {
        for (var p0 = share * part; p0 < end; p0 += 64) {
            var g = vec4<f32>();
            var v = vec4<f32>();
            let p = p0 + high * 4;
            for (var i = 0; i < clamp(end - p, 0, 4); i++) {
                if (row < rows) {
                    g[i] = a * mem[upstream + p + i] + b * mem[output + p + i] + d;
                }
                if (column < columns) {
                    v[i] = view(s, column, (p + i) / images / width, (p + i) / images % width, (p + i) % images);
                }
            }
            left[low * 17 + high] = g;
            right[low * 17 + high] = v;
            workgroupBarrier();
            for (var i = 0; i < 16; i++) {
                sum += dot(left[low * 17 + i], right[high * 17 + i]);
            }
            workgroupBarrier();
        }
    }
    if (row < rows && firstColumn + high < columns) {
        state[table[j + 9] + share * rows * columns + row * columns + firstColumn + high] = sum;
    }
}

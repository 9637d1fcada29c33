// The gradient of a convolution's views, or, where they are selections, of its input channels: the matrix's transpose times the
// gradient of the output, which is read through its normalisation. A workgroup has 32 channels and 256 columns. The words: 0 operation's
// weight, 1 whether it serves weights alone, 2 columns, 3 images, 4 width, 5 height and 6 width of the output, 7 channels, 8 their
// gradient in scratch, 9 upstream gradient and 10 output in mem, 11 coefficients in state, 12 their number, 13 blocks, 14 matrices; then of
// each matrix: its place, from a row to the next and from a channel to the next, its first row, rows, and offset and stride of the
// selection on both axes.
const THREADS = 256u;

var<workgroup> matrix: array<vec4<f32>, 256>; // 32 rows of 32 channels

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    if (idle(table[j]) || (table[j + 1] > 0 && params[WEIGHTING] == 0.0)) {
        return;
    }
    let columns = table[j + 2];
    let images = table[j + 3];
    let height = table[j + 5];
    let width = table[j + 6];
    let channels = table[j + 7];
    let coefficients = table[j + 11];
    let outputs = table[j + 12];
    let blocks = table[j + 13];
    let upstream = table[j + 9];
    let output = table[j + 10];
    let first = job.group / blocks * 32;
    let wide = channels - first > 16;
    let column = job.group % blocks * 256 + i32(thread);
    let image = column % images;
    let x = column / images % table[j + 4];
    let y = column / images / table[j + 4];
    let plane = height * width * images;
    var a = vec4<f32>();
    var b = vec4<f32>();
    var c = vec4<f32>();
    var d = vec4<f32>();
    var e = vec4<f32>();
    var f = vec4<f32>();
    var u = vec4<f32>();
    var v = vec4<f32>();
    for (var m = 0; m < table[j + 14]; m++) {
        let part = j + 15 + 9 * m;
        let rows = table[part + 4];
        let dy = y - table[part + 5];
        let dx = x - table[part + 7];
        let oy = dy / table[part + 6];
        let ox = dx / table[part + 8];
        let inside = column < columns && dy >= 0 && dx >= 0 && dy == oy * table[part + 6] && dx == ox * table[part + 8] && oy < height && ox < width;
        let at = (oy * width + ox) * images + image;
        for (var r0 = 0; r0 < rows; r0 += 32) {
            let row = r0 + i32(thread / 8u);
            let ch = first + i32(thread % 8u) * 4;
            var four = vec4<f32>();
            for (var i = 0; i < 4; i++) {
                if (row < rows && ch + i < channels) {
                    four[i] = params[table[part] + row * table[part + 1] + (ch + i) * table[part + 2]];
                }
            }
            matrix[thread] = four;
            workgroupBarrier();
            if (inside) {
                let last = min(32, rows - r0);
                let top = table[part + 3] + r0;
                for (var r = 0; r < last; r++) {
                    let row = top + r;
                    let g = state[coefficients + row] * mem[upstream + row * plane + at] +
                        state[coefficients + outputs + row] * mem[output + row * plane + at] + state[coefficients + 2 * outputs + row];
                    a += g * matrix[8 * r];
                    b += g * matrix[8 * r + 1];
                    c += g * matrix[8 * r + 2];
                    d += g * matrix[8 * r + 3];
                    if (wide) {
                        e += g * matrix[8 * r + 4];
                        f += g * matrix[8 * r + 5];
                        u += g * matrix[8 * r + 6];
                        v += g * matrix[8 * r + 7];
                    }
                }
            }
            workgroupBarrier();
        }
    }
    var out = array<vec4<f32>, 8>(a, b, c, d, e, f, u, v);
    if (column < columns) {
        for (var i = 0; i < min(32, channels - first); i++) {
            scratch[table[j + 8] + (first + i) * columns + column] = out[i / 4][i % 4];
        }
    }
}

// A convolution: a matrix times its input's views, and the moments of what comes out. A workgroup has 32 rows and 256 columns, a thread
// one column of them. The words: 0 operation's weight, 1 columns, 2 width of the output, 3 rows, 4 first row's plane in mem, 5 place of
// the matrix, 6 its columns, 7 moments' place in state, 8 blocks of a row among all moments, 9 blocks here; 10 the source.
const THREADS = 256u;

var<workgroup> matrix: array<vec4<f32>, 256>; // 32 columns of 32 rows

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let job = find(wid, grid);
    let j = job.at;
    if (j < 0) {
        return;
    }
    if (idle(table[j])) {
        return;
    }
    let columns = table[j + 1];
    let width = table[j + 2];
    let rows = table[j + 3];
    let weights = table[j + 5];
    let inner = table[j + 6];
    let blocks = table[j + 9];
    let s = source(j + 10);
    let images = s.images;
    let output = table[j + 4];
    let block = job.group % blocks;
    let first = job.group / blocks * 32;
    let wide = rows - first > 16;
    let column = block * 256 + i32(thread);
    let inside = column < columns;
    let image = column % images;
    let x = column / images % width;
    let y = column / images / width;
    var a = vec4<f32>();
    var b = vec4<f32>();
    var c = vec4<f32>();
    var d = vec4<f32>();
    var e = vec4<f32>();
    var f = vec4<f32>();
    var g = vec4<f32>();
    var h = vec4<f32>();
    for (var k0 = 0; k0 < inner; k0 += 32) {
        let k = k0 + i32(thread / 8u);
        let row = first + i32(thread % 8u) * 4;
        var part = vec4<f32>();
        for (var i = 0; i < 4; i++) {
            if (k < inner && row + i < rows) {
                part[i] = params[weights + (row + i) * inner + k];
            }
        }
        matrix[thread] = part;
        workgroupBarrier();
        if (inside) {
            let last = min(32, inner - k0);
            for (var k = 0; k < last; k++) {
                let v = view(s, k0 + k, y, x, image);
                a += v * matrix[8 * k];
                b += v * matrix[8 * k + 1];
                c += v * matrix[8 * k + 2];
                d += v * matrix[8 * k + 3];
                if (wide) {
                    e += v * matrix[8 * k + 4];
                    f += v * matrix[8 * k + 5];
                    g += v * matrix[8 * k + 6];
                    h += v * matrix[8 * k + 7];
                }
            }
        }
        workgroupBarrier();
    }
    var out = array<vec4<f32>, 8>(a, b, c, d, e, f, g, h);
    if (inside) {
        for (var i = 0; i < min(32, rows - first); i++) {
            mem[output + (first + i) * columns + column] = out[i / 4][i % 4];
        }
    }
    let moments = table[j + 7];
    if (moments < 0 || params[TRAIN] == 0.0) {
        return;
    }
    let count = f32(min(256, columns - block * 256));
    for (var i = 0; i < min(8, (rows - first + 3) / 4); i += 2) {
        let sums = totals(Two(out[i], out[i + 1]), thread);
        let means = Two(sums.a / count, sums.b / count);
        let low = select(vec4<f32>(), out[i] - means.a, inside);
        let high = select(vec4<f32>(), out[i + 1] - means.b, inside);
        let squares = totals(Two(low * low, high * high), thread);
        let row = first + 4 * i + i32(thread);
        if (thread < 8u && row < rows) {
            let at = moments + (row * table[j + 8] + block) * 3;
            state[at] = select(means.a, means.b, thread > 3u)[thread % 4u];
            state[at + 1] = select(squares.a, squares.b, thread > 3u)[thread % 4u];
            state[at + 2] = count;
        }
    }
}

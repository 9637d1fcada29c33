// What a convolution's matrix reads: views of its input channels. The words: 0 height, 1 width, 2 images, 3 kind, 4 size, stride,
// dilation and padding of the window, 8 place of its weights, 9 normalisation in state or -1, 10 its channels, 11 whether its ReLU is
// read, 12 views of a channel, 13 channels, 14 plane of each channel in mem; then of each view offset and stride on both axes.
const SELECTION = 0;
const MEAN = 2;

struct Source {
    height: i32,
    width: i32,
    images: i32,
    kind: i32,
    size: i32,
    stride: i32,
    dilation: i32,
    padding: i32,
    weights: i32,
    norm: i32,
    apart: i32,   // from the normalisation's scales to its shifts
    least: f32,   // of what is read
    views: i32,
    planes: i32,  // places in the table of channels' planes …
    axes: i32,    // … and of views
}

fn source(s: i32) -> Source {
    return Source(table[s], table[s + 1], table[s + 2], table[s + 3], table[s + 4], table[s + 5], table[s + 6], table[s + 7], table[s + 8],
        table[s + 9], table[s + 10], select(-3e38, 0.0, table[s + 11] > 0), table[s + 12], s + 14, s + 14 + table[s + 13]);
}

// Reader is how an input channel is read.
struct Reader {
    plane: i32,
    scale: f32,
    shift: f32,
    least: f32,
}

fn reader(s: Source, c: i32) -> Reader {
    if (s.norm < 0) {
        return Reader(table[s.planes + c], 1.0, 0.0, s.least);
    }
    return Reader(table[s.planes + c], state[s.norm + c], state[s.norm + s.apart + c], s.least);
}

fn element(r: Reader, at: i32) -> f32 {
    let z = r.scale * mem[r.plane + at] + r.shift;
    return select(z, r.least, z < r.least); // which lets through what is no number, as max may not
}

// view is column k of the matrix's input at row y and column x of the output, of an image.
fn view(s: Source, k: i32, y: i32, x: i32, image: i32) -> f32 {
    let c = k / s.views;
    let r = reader(s, c);
    if (s.kind == SELECTION) {
        let axes = s.axes + 4 * (k - c * s.views);
        let iy = table[axes] + y * table[axes + 1];
        let ix = table[axes + 2] + x * table[axes + 3];
        if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) {
            return 0.0;
        }
        return element(r, (iy * s.width + ix) * s.images + image);
    }
    let top = y * s.stride - s.padding;
    let left = x * s.stride - s.padding;
    let weights = s.weights + c * s.size * s.size;
    var sum = 0.0;
    var count = 0.0;
    for (var ky = 0; ky < s.size; ky++) {
        let iy = top + ky * s.dilation;
        for (var kx = 0; kx < s.size; kx++) {
            let ix = left + kx * s.dilation;
            if (iy >= 0 && iy < s.height && ix >= 0 && ix < s.width) {
                var w = 1.0;
                if (s.kind != MEAN) {
                    w = params[weights + ky * s.size + kx];
                }
                sum += w * element(r, (iy * s.width + ix) * s.images + image);
                count += 1.0;
            }
        }
    }
    if (s.kind == MEAN) {
        return sum / count;
    }
    return sum;
}

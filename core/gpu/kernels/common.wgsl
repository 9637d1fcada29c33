// A job is an operation's share in a dispatch: its first workgroup and the place of its words in the table, where 'at' is -1 behind the
// last. What a job's words are is said where they are read.
struct Job {
    at: i32,
    group: i32, // among the job's own workgroups
}

fn find(wid: vec3<u32>, grid: vec3<u32>) -> Job {
    let group = i32(wid.y * grid.x + wid.x);
    var low = 0;
    var high = table[0];
    while (high - low > 1) {
        let middle = (low + high) / 2;
        if (table[1 + 2 * middle] <= group) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return Job(table[2 + 2 * low], group - table[1 + 2 * low]);
}

// What params begins with.
const TRAIN = 0;
const WEIGHTING = 1; // whether the weights' gradient is asked for
const LOSS = 2;
const FACTORS = 3; // of both branches
const GAMMA = 5;
const SIGMOID = 6;
const SCALE = 7;
const PASS = 8;   // its number
const CLASSES = 16; // what the loss has of each class: its weight, shift and margin

// idle says of an operation whether its weight, at a place of params, is 0; -1 is none.
fn idle(weight: i32) -> bool {
    if (weight < 0) {
        return false;
    }
    return params[weight] == 0.0;
}

fn weightOf(at: i32) -> f32 {
    if (at < 0) {
        return 1.0;
    }
    return params[at];
}

// channel is the entry for a channel of a list at a distance from the job's words; without a list it is the channel itself.
fn channel(job: i32, list: i32, c: i32) -> i32 {
    if (list == 0) {
        return c;
    }
    return table[job + list + c];
}

// total adds up the values of all threads, THREADS of them, as a tree; totals does two at once.
var<workgroup> box: array<vec4<f32>, THREADS>;
var<workgroup> chest: array<vec4<f32>, THREADS>;

fn total(v: vec4<f32>, thread: u32) -> vec4<f32> {
    box[thread] = v;
    for (var n = THREADS / 4u; n > 1u; n /= 4u) {
        workgroupBarrier();
        if (thread < n) {
            box[thread] = (box[thread] + box[thread + n]) + (box[thread + 2u * n] + box[thread + 3u * n]);
        }
    }
    workgroupBarrier();
    let sum = (box[0] + box[1]) + (box[2] + box[3]);
    workgroupBarrier();
    return sum;
}

struct Two {
    a: vec4<f32>,
    b: vec4<f32>,
}

fn totals(v: Two, thread: u32) -> Two {
    box[thread] = v.a;
    chest[thread] = v.b;
    for (var n = THREADS / 4u; n > 1u; n /= 4u) {
        workgroupBarrier();
        if (thread < n) {
            box[thread] = (box[thread] + box[thread + n]) + (box[thread + 2u * n] + box[thread + 3u * n]);
            chest[thread] = (chest[thread] + chest[thread + n]) + (chest[thread + 2u * n] + chest[thread + 3u * n]);
        }
    }
    workgroupBarrier();
    let sum = Two((box[0] + box[1]) + (box[2] + box[3]), (chest[0] + chest[1]) + (chest[2] + chest[3]));
    workgroupBarrier();
    return sum;
}

// reach is how many of a thread's four values, 256 apart from the first on, lie in a plane.
fn reach(plane: i32, first: i32) -> i32 {
    return clamp((plane - first + 255) / 256, 0, 4);
}

// The rate of arithmetic: each thread has eight chains of multiply-adds. The words: 0 length of a chain.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = (wid.y * grid.x + wid.x) * 256u + thread;
    var a = vec4<f32>(f32(thread));
    var b = a + 1.0;
    for (var i = 0; i < table[0]; i++) {
        a = a * 0.999 + 0.5;
        b = b * 0.998 + 0.25;
    }
    scratch[at] = dot(a, b);
}

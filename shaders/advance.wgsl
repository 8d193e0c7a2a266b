// advance: moves the cursor on, once no kernel of the step reads it any more.
//
//   cursor [1] = now[3] + 1, the number of the step that was done

@compute @workgroup_size(WORKGROUP)
fn advance(@builtin(global_invocation_id) id: vec3u) {
    if (id.x == 0u) {
        cursor[0] = now_at(3u) + 1u;
    }
}

// advance: moves the cursor on, once no kernel of the step reads it any more.
//
//   cursor[0] = step_state[STATE_NUMBER] + 1
//
// binds:
//   step_state  uniform u32   [8] the row of step_table that was done, and its number
//   cursor      write u32     [1] the step to do

@compute @workgroup_size(WORKGROUP)
fn advance(@builtin(global_invocation_id) id: vec3u) {
    if (id.x == 0u) {
        cursor[0] = step_state_at(STATE_NUMBER) + 1u;
    }
}

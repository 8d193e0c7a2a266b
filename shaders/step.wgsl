// The row of step_table that is being done, kept in step_state for the kernels that follow.
//
//   step_state = that row, with the number of the step in place of the key
//
// Later kernels read it here, since the cursor may move on before the step ends.
//
// expects: cursor_at, step_table_at, step_state
// expects: STEP_WORDS, STEP_FIRST, STEP_COUNT, STEP_RATE, STEP_MEAN, STEP_SQUARE, STATE_NUMBER

fn remember_step() {
    let row = STEP_WORDS * cursor_at(0u);
    step_state[STEP_FIRST] = step_table_at(row + STEP_FIRST);
    step_state[STEP_COUNT] = step_table_at(row + STEP_COUNT);
    step_state[STEP_RATE] = step_table_at(row + STEP_RATE);
    step_state[STATE_NUMBER] = cursor_at(0u);
    step_state[STEP_MEAN] = step_table_at(row + STEP_MEAN);
    step_state[STEP_SQUARE] = step_table_at(row + STEP_SQUARE);
}

# Tests that put a foreign program beside ours: the official npm clients, nginx, Prometheus. Label "outside": they run in
# the plain build only, and ./test installs what they need (`npm ci` in tests/npm).
# Each gets a thousand ports of its own, the crash test included: tests run side by side.
set(callramp_next_ports 15000)
macro(callramp_take_ports range)
  math(EXPR last "${callramp_next_ports} + 999")
  set(${range} "${callramp_next_ports}-${last}")
  math(EXPR callramp_next_ports "${callramp_next_ports} + 1000")
endmacro()

macro(callramp_outside_test name)
  callramp_take_ports(ports)
  add_test(NAME "outside: ${name}" COMMAND node ${ARGN} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/npm)
  set_tests_properties("outside: ${name}" PROPERTIES LABELS outside TIMEOUT 240
    ENVIRONMENT "CALLRAMP_BINARY=${CMAKE_BINARY_DIR}/callramp;CALLRAMP_TEST_PORTS=${ports}")
endmacro()

callramp_outside_test("docs/behind-nginx.md works with a real nginx" --test nginx.test.mjs)
callramp_outside_test("the official openai client against the sandbox alone" run-with.mjs sandbox openai.test.mjs)
callramp_outside_test("the official Deepgram client against the sandbox alone" run-with.mjs sandbox deepgram.test.mjs)
callramp_outside_test("the official OpenFeature provider against the product" run-with.mjs serve openfeature.test.mjs)
callramp_outside_test("a dark carrier is left for the next one and comes back" --test blackout.test.mjs)
callramp_outside_test("a real Prometheus answers the plan's four queries" --test prometheus.test.mjs)
callramp_outside_test("the demo starts its rollout and counts its calls" --test demo.test.mjs)

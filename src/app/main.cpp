#include "app/cli.hpp"

int main(int argc, char** argv) { return callramp::app::run_cli(argc, argv); }

//! The `jobrisk` program: see the library.

fn main() -> std::process::ExitCode {
    jobrisk::cli::main()
}

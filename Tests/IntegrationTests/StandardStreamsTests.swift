import Foundation
import Testing

/// Programs whose output is full, closed, or read by nobody, and files that they must not replace.
@Suite struct `Programs' output` {
  private func shell(_ programs: borrowing Programs, _ command: String) throws -> Programs.Outcome {
    try Programs.Running("/bin/sh", ["-c", "cd \(Programs.products) && \(command)"], folder: programs.folder).finish()
  }

  @Test(arguments: ["2>/dev/full", "2>&-", ">&- 2>&-"])
  func `an error that cannot be printed still sets the exit status`(redirection: String) throws {
    let programs = try Programs()
    let outcome = try shell(programs, "./adl model inspect /nothing \(redirection)")
    #expect(outcome.status == 65, "\(outcome)")
  }

  @Test(arguments: ["adl recognize", "adld --config", "adl-mqtt --config", "adl-train evaluate --run"])
  func `an argument that is not UTF-8 is refused, as its file would not be found`(command: String) throws {
    let programs = try Programs()
    let outcome = try shell(programs, "./\(command) \"$(printf 'b\\377d')\"")
    let program = command.prefix { $0 != " " }
    #expect(outcome.status == 64 && outcome.errors.hasPrefix("\(program): 'b\u{FFFD}d' is not UTF-8"), "\(outcome)")
  }

  @Test func `a command whose result cannot be written fails`() throws {
    let programs = try Programs()
    let outcome = try shell(programs, "./adl model inspect \(Programs.peopleModel) >/dev/full")
    #expect(outcome.status == 65, "\(outcome)")
    #expect(outcome.errors == "adl: standard output cannot be written: No space left on device\n")
  }

  @Test(.timeLimit(.minutes(2))) func `the daemon survives the reader of its log`() throws {
    let programs = try Programs()
    let config = try programs.write(
      """
      node: test
      model: {path: \(Programs.peopleModel), precision: f32, threads: 1}
      people: {mode: scene}
      cameras: [{name: room, source: "synthetic:1?length=60"}]
      events: {endpoint: "ipc://\(programs.folder)/events", query: "ipc://\(programs.folder)/query"}

      """, to: "adld.yaml")
    let command = "trap '' PIPE; exec ./adld --config \(config) 2>/dev/full"
    let daemon = try Programs.Running(
      "/bin/sh", ["-c", "cd \(Programs.products) && \(command)"], folder: programs.folder)
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: programs.folder + "/query") {
      Thread.sleep(forTimeInterval: 0.1)
    }
    // By then some lines of its log are lost.
    Thread.sleep(forTimeInterval: 2)
    daemon.terminate()
    #expect(daemon.finish().status == 0)
  }

  @Test func `commands do not overwrite their input files`() throws {
    let programs = try Programs()
    let model = "\(programs.folder)/own.safetensors"
    try FileManager.default.copyItem(atPath: Programs.peopleModel, toPath: model)
    let before = FileManager.default.contents(atPath: model)
    let exported = try programs.run("adl", "model", "export", model, "--onnx", model)
    #expect(exported.status == 64)
    #expect(
      exported.errors.contains("--onnx would overwrite \(model), which is an input; choose another name"),
      "\(exported.errors)")
    #expect(FileManager.default.contents(atPath: model) == before)
    let labels = try programs.write("a\nb\n", to: "labels.txt")
    let created = try programs.run(
      "adl", "model", "create", "--labels", labels, "--width", "0.0625", "--frames", "16", "--size", "112", "--out",
      labels)
    #expect(created.status == 64 && FileManager.default.contents(atPath: labels) == Data("a\nb\n".utf8))
  }

  @Test func `a named pipe is not replaced by a file`() throws {
    let programs = try Programs()
    let pipe = "\(programs.folder)/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    let outcome = try programs.run(
      "adl", "model", "create", "--classes", "2", "--width", "0.0625", "--frames", "16", "--size", "112", "--out", pipe)
    #expect(outcome.status == 65)
    #expect(outcome.errors == "adl: cannot write \(pipe): it is not a regular file\n")
    let longest = "\(programs.folder)/" + String(repeating: "x", count: 243) + ".safetensors"
    let long = try programs.run(
      "adl", "model", "create", "--classes", "2", "--width", "0.0625", "--frames", "16", "--size", "112", "--out",
      longest)
    #expect(long.status == 0, "\(long.errors)")
  }

  @Test(arguments: [
    (
      "tcp://127.0.0.1:5570", "tcp://127.0.0.1:5570",
      "another setting uses the same endpoint; change events.query"
    ),
    ("tcp://127.0.0.1:nine", "tcp://127.0.0.1:5571", "'nine' is not a port; change events.endpoint"),
  ])
  func `--check refuses endpoints that the daemon could not use`(events: String, query: String, reason: String) throws {
    let programs = try Programs()
    let config = try programs.write(
      """
      model: {path: \(Programs.peopleModel)}
      cameras: [{name: room, source: "synthetic:1"}]
      events: {endpoint: "\(events)", query: "\(query)"}

      """, to: "adld.yaml")
    let outcome = try programs.run("adld", "--check", "--config", config)
    #expect(outcome.status == 78)
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")
  }
}

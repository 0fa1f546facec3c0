import CLibFuzzer
import Foundation

extension FuzzTarget {
  /// In the environment, because libFuzzer restarts this program with its own arguments.
  static let name = ProcessInfo.processInfo.environment["ADL_FUZZ_TARGET"] ?? ""
  static let chosen = FuzzTarget(rawValue: name)
}

guard FuzzTarget.chosen != nil else {
  let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
  FileHandle.standardError.write(Data("ADL_FUZZ_TARGET is '\(FuzzTarget.name)'; it must be one of \(known)\n".utf8))
  exit(2)
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
exit(
  unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: size))
    // Inputs that no reader takes need not be in the corpus.
    return FuzzTarget.chosen?.run(input) == .unread ? -1 : 0
  })

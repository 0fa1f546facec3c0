import Foundation

/// A local server that answers every connection with the same bytes, and hangs up.
final class ServingListener {
  private let silent: SilentListener
  var port: Int { silent.port }

  /// - Parameter answer: the HTTP head and body.
  /// - Throws: if no port is free.
  init(_ answer: Data) throws {
    silent = try SilentListener()
    let listening = silent.descriptor
    Thread.detachNewThread {
      while true {
        // Ends when the listener is closed.
        let peer = accept(listening, nil, nil)
        guard peer >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 4096)
        _ = unsafe recv(peer, &request, request.count, 0)
        var sent = 0
        while sent < answer.count {
          let part = [UInt8](answer[sent..<min(sent + 4096, answer.count)])
          let count = unsafe send(peer, part, part.count, Int32(MSG_NOSIGNAL))
          guard count > 0 else { break }
          sent += count
        }
        close(peer)
      }
    }
  }

  deinit { shutdown(silent.descriptor, Int32(SHUT_RDWR)) }
}

/// Options for opening any kind of source; each kind uses those that apply to it.
package struct SourceOptions: Equatable, Sendable {
  package var media = MediaFile.Options()
  package var camera = V4L2Options()

  package init() {}
}

extension SourceDescription {
  /// Opens the described source.
  ///
  /// - Throws: `CaptureError`; its `isTransient` says whether trying again later may help.
  package func open(_ options: SourceOptions = SourceOptions(), clock: FrameClock = .monotonic) throws(CaptureError)
    -> any FrameSource & ~Copyable
  {
    switch self {
    case .camera(let name): return try V4L2Camera(name, options: options.camera, clock: clock)
    case .media(let location): return try MediaFile(location, options: options.media, clock: clock)
    case .added(let source): return try source.open(pace: options.media.pace, clock: clock)
    }
  }
}

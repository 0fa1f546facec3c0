/// How a source is opened, for every kind of source; each kind reads what concerns it.
package struct SourceOptions: Equatable, Sendable {
  package var media = MediaFile.Options()

  package init() {}
}

extension SourceDescription {
  /// Opens what is described.
  ///
  /// - Throws: `CaptureError`; its `isTransient` says whether trying again later may help.
  package func open(_ options: SourceOptions = SourceOptions(), clock: FrameClock = .monotonic) throws(CaptureError)
    -> any FrameSource & ~Copyable
  {
    switch self {
    case .camera: throw .badSource("x", reason: "y")
    case .media(let location): return try MediaFile(location, options: options.media, clock: clock)
    case .synthetic(let synthetic): return try SyntheticCamera(synthetic, clock: clock)
    }
  }
}

/// How a camera's picture becomes the square RGB picture the network sees.
///
/// The one definition for the daemon, the recognition of files and training: mask, region of interest, crop, resize.
package struct ClipPreprocessing: Hashable, Sendable {
  /// Pixels of the square's side.
  package var size: Int
  package var region: PictureRegion
  package var crop: Crop
  package var mask: PrivacyMask

  package init(size: Int = 224, region: PictureRegion = .whole, crop: Crop = .full, mask: PrivacyMask = .none) {
    precondition(size > 0)
    self.size = size
    self.region = region
    self.crop = crop
    self.mask = mask
  }

  /// A person's square of a picture; see `PersonRegion` in People.
  ///
  /// - Parameters:
  ///   - size: pixels of the network's square.
  ///   - square: what is looked at, in pixels of the picture.
  ///   - picture: the picture's size.
  /// - Throws: `VideoError.badRegion` for a square that is not in the picture.
  package init(size: Int, square: PixelRectangle, of picture: FrameSize) throws(VideoError) {
    self.init(size: size, region: try PictureRegion(pixels: square, of: picture))
  }

  /// Bytes of one sample.
  package var byteCount: Int { size * size * 3 }

  /// The part of a picture that becomes the square.
  package func rectangle(in picture: FrameSize) -> PixelRectangle {
    crop.apply(to: region.rectangle(in: picture))
  }

  /// The least size to which a picture may be reduced before it is sampled, so that nothing is enlarged afterwards.
  ///
  /// A decoder that can reduce (JPEG: to 1/2, 1/4) takes the smallest reduction whose sides both reach it; the sample
  /// then differs from that of the whole picture as the reductions' filters do. An axis of which a part is cut out
  /// needs two pixels more, as the edges of the part are rounded to whole pixels, before and after. Never above the
  /// picture's own size.
  package func minimumDecodedSize(of picture: FrameSize) -> FrameSize {
    let used = rectangle(in: picture)
    func side(_ whole: Int, _ used: Int) -> Int {
      let wanted = used == whole ? size : size + 2
      return min((whole * wanted + used - 1) / used, whole)
    }
    return FrameSize(width: side(picture.width, used.width), height: side(picture.height, used.height))
  }
}

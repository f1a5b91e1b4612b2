;; Cuts a list of items as cut-items.ts does, sixteen bytes at a time inside strings. The grammar is that of
;; json-bytes.ts, function by function; property tests hold both to the same offsets and the same refusals.
;;
;; WebAssembly text in folded form, where a bare $name reads a local and a bare number is an i32.const; assemble.ts turns
;; it into the bytes that stand in cut-list.ts.
;;
;; Memory: 0 kinds of the open lists and maps, one byte a level (256) · 512 address and length of each wanted name (3 × 8)
;; · 1024 their bytes · from 4096 input and output, as the caller lays them out. Behind the input stand 64 zero bytes:
;; zero is part of no token, so every walk ends there and nothing reads further.

(module
  (memory (export "memory") 1)
  (global $count (export "count") (mut i32) 0)
  (global $base (mut i32) 0)

  (func $space (param $at i32) (result i32) (local $c i32)
    (loop $next
      (local.set $c (i32.load8_u $at))
      (if (i32.gt_u $c 0x20) (then (return $at)))
      (if (i32.or (i32.or (i32.eq $c 0x20) (i32.eq $c 0x0a)) (i32.or (i32.eq $c 0x0d) (i32.eq $c 0x09)))
        (then (local.set $at (i32.add $at 1)) (br $next))))
    $at)

  (func $hex (param $c i32) (result i32)
    (i32.or
      (i32.lt_u (i32.sub $c 0x30) 10)
      (i32.lt_u (i32.sub (i32.or $c 0x20) 0x61) 6)))

  ;; One of " \ / b f n r t
  (func $escape (param $c i32) (result i32)
    (i32.or
      (i32.or
        (i32.or (i32.eq $c 0x22) (i32.eq $c 0x5c))
        (i32.or (i32.eq $c 0x2f) (i32.eq $c 0x62)))
      (i32.or
        (i32.or (i32.eq $c 0x66) (i32.eq $c 0x6e))
        (i32.or (i32.eq $c 0x72) (i32.eq $c 0x74)))))

  (func $string (param $at i32) (result i32) (local $c i32) (local $v v128) (local $mask i32)
    (if (i32.ne (i32.load8_u $at) 0x22) (then (return -1)))
    (local.set $at (i32.add $at 1))
    (loop $block
      (local.set $v (v128.load $at))
      (local.set $mask
        (i8x16.bitmask
          (v128.or
            (v128.or (i8x16.eq $v (i8x16.splat 0x22)) (i8x16.eq $v (i8x16.splat 0x5c)))
            (i8x16.lt_u $v (i8x16.splat 0x20)))))
      (if (i32.eqz $mask) (then (local.set $at (i32.add $at 16)) (br $block)))
      (local.set $at (i32.add $at (i32.ctz $mask)))
      (local.set $c (i32.load8_u $at))
      (if (i32.eq $c 0x22) (then (return (i32.add $at 1))))
      (if (i32.ne $c 0x5c) (then (return -1)))
      (local.set $c (i32.load8_u offset=1 $at))
      (if (i32.eq $c 0x75)
        (then
          (if (i32.eqz
                (i32.and
                  (i32.and (call $hex (i32.load8_u offset=2 $at)) (call $hex (i32.load8_u offset=3 $at)))
                  (i32.and (call $hex (i32.load8_u offset=4 $at)) (call $hex (i32.load8_u offset=5 $at)))))
            (then (return -1)))
          (local.set $at (i32.add $at 6))
          (br $block)))
      (if (i32.eqz (call $escape $c)) (then (return -1)))
      (local.set $at (i32.add $at 2))
      (br $block))
    (unreachable))

  (func $colon (param $at i32) (result i32)
    (local.set $at (call $space $at))
    (if (i32.ne (i32.load8_u $at) 0x3a) (then (return -1)))
    (call $space (i32.add $at 1)))

  (func $name (param $at i32) (result i32)
    (local.set $at (call $string $at))
    (if (i32.eq $at -1) (then (return -1)))
    (call $colon $at))

  (func $digit (param $at i32) (result i32)
    (i32.lt_u (i32.sub (i32.load8_u $at) 0x30) 10))

  (func $digits (param $at i32) (result i32)
    (loop $next
      (if (call $digit $at) (then (local.set $at (i32.add $at 1)) (br $next))))
    $at)

  (func $number (param $at i32) (result i32) (local $c i32)
    (if (i32.eq (i32.load8_u $at) 0x2d) (then (local.set $at (i32.add $at 1))))
    (if (i32.eqz (call $digit $at)) (then (return -1)))
    (local.set $at
      (if (result i32) (i32.eq (i32.load8_u $at) 0x30)
        (then (i32.add $at 1))
        (else (call $digits $at))))
    (if (i32.eq (i32.load8_u $at) 0x2e)
      (then
        (local.set $at (i32.add $at 1))
        (if (i32.eqz (call $digit $at)) (then (return -1)))
        (local.set $at (call $digits $at))))
    (if (i32.eq (i32.or (i32.load8_u $at) 0x20) 0x65)
      (then
        (local.set $at (i32.add $at 1))
        (local.set $c (i32.load8_u $at))
        (if (i32.or (i32.eq $c 0x2b) (i32.eq $c 0x2d)) (then (local.set $at (i32.add $at 1))))
        (if (i32.eqz (call $digit $at)) (then (return -1)))
        (local.set $at (call $digits $at))))
    $at)

  (func $scalar (param $at i32) (result i32) (local $word i32)
    (local.set $word (i32.load $at))
    (if (i32.eq $word 0x65757274) (then (return (i32.add $at 4))))
    (if (i32.eq $word 0x6c6c756e) (then (return (i32.add $at 4))))
    (if (i32.eq $word 0x736c6166)
      (then
        (if (i32.eq (i32.load8_u offset=4 $at) 0x65) (then (return (i32.add $at 5))))
        (return -1)))
    (call $number $at))

  (func $value (param $at i32) (result i32) (local $depth i32) (local $c i32) (local $inner i32)
    (loop $values
      (block $ended
        (local.set $c (i32.load8_u $at))
        (if (i32.eq $c 0x22) (then (local.set $at (call $string $at)) (br $ended)))
        (if (i32.eq (i32.or $c 0x20) 0x7b)
          (then
            (local.set $inner (call $space (i32.add $at 1)))
            (if (i32.eq (i32.load8_u $inner) (i32.add $c 2))
              (then (local.set $at (i32.add $inner 1)) (br $ended)))
            (if (i32.eq $depth 256) (then (return -1)))
            (i32.store8 $depth $c)
            (local.set $depth (i32.add $depth 1))
            (local.set $at
              (if (result i32) (i32.eq $c 0x7b) (then (call $name $inner)) (else $inner)))
            (if (i32.eq $at -1) (then (return -1)))
            (br $values)))
        (local.set $at (call $scalar $at)))
      (if (i32.eq $at -1) (then (return -1)))
      (loop $closing
        (if (i32.eqz $depth) (then (return $at)))
        (local.set $at (call $space $at))
        (local.set $c (i32.load8_u $at))
        (local.set $inner (i32.load8_u (i32.sub $depth 1)))
        (if (i32.eq $c 0x2c)
          (then
            (local.set $at (call $space (i32.add $at 1)))
            (if (i32.eq $inner 0x7b) (then (local.set $at (call $name $at))))
            (if (i32.eq $at -1) (then (return -1)))
            (br $values)))
        (if (i32.ne $c (i32.add $inner 2)) (then (return -1)))
        (local.set $depth (i32.sub $depth 1))
        (local.set $at (i32.add $at 1))
        (br $closing)))
    (unreachable))

  ;; Which wanted attribute the name of so many bytes is; -1 none, -3 it holds an escape, which the caller must read.
  (func $wanted (param $at i32) (param $length i32) (result i32) (local $n i32) (local $entry i32) (local $which i32)
    (loop $look
      (if (i32.lt_u $n $length)
        (then
          (if (i32.eq (i32.load8_u (i32.add $at $n)) 0x5c) (then (return -3)))
          (local.set $n (i32.add $n 1))
          (br $look))))
    (loop $names
      (if (i32.eq $which 3) (then (return -1)))
      (local.set $entry (i32.add 512 (i32.shl $which 3)))
      (block $other
        (br_if $other (i32.ne (i32.load offset=4 $entry) $length))
        (local.set $n 0)
        (loop $bytes
          (if (i32.eq $n $length) (then (return $which)))
          (br_if $other
            (i32.ne (i32.load8_u (i32.add (i32.load $entry) $n)) (i32.load8_u (i32.add $at $n))))
          (local.set $n (i32.add $n 1))
          (br $bytes)))
      (local.set $which (i32.add $which 1))
      (br $names))
    (unreachable))

  (func $item (param $at i32) (param $out i32) (result i32)
    (local $nameEnd i32) (local $valueAt i32) (local $end i32) (local $which i32) (local $c i32)
    (if (i32.ne (i32.load8_u $at) 0x7b) (then (return -1)))
    (v128.store $out (i32x4.splat 0))
    (v128.store offset=16 $out (i32x4.splat 0))
    (i32.store $out (i32.sub $at (global.get $base)))
    (local.set $at (call $space (i32.add $at 1)))
    (block $over
      (br_if $over (i32.eq (i32.load8_u $at) 0x7d))
      (loop $attributes
        (local.set $nameEnd (call $string $at))
        (if (i32.eq $nameEnd -1) (then (return -1)))
        (local.set $valueAt (call $colon $nameEnd))
        (if (i32.eq $valueAt -1) (then (return -1)))
        (local.set $end (call $value $valueAt))
        (if (i32.eq $end -1) (then (return -1)))
        (local.set $which (call $wanted (i32.add $at 1) (i32.sub (i32.sub $nameEnd $at) 2)))
        (if (i32.eq $which -3) (then (return -3)))
        (if (i32.ne $which -1)
          (then
            (local.set $which (i32.add $out (i32.shl $which 3)))
            (if (i32.load offset=12 $which) (then (return -1)))
            (i32.store offset=8 $which (i32.sub $valueAt (global.get $base)))
            (i32.store offset=12 $which (i32.sub $end (global.get $base)))))
        (local.set $at (call $space $end))
        (local.set $c (i32.load8_u $at))
        (br_if $over (i32.eq $c 0x7d))
        (if (i32.ne $c 0x2c) (then (return -1)))
        (local.set $at (call $space (i32.add $at 1)))
        (br $attributes)))
    (i32.store offset=4 $out (i32.sub (i32.add $at 1) (global.get $base)))
    (i32.add $at 1))

  ;; Behind the list at $at, eight numbers an item from $out on, less $base; -1 unreadable, -2 no room, -3 see $wanted.
  (func $list (export "list") (param $at i32) (param $out i32) (param $outEnd i32) (param $from i32) (result i32)
    (local $c i32)
    (global.set $base $from)
    (global.set $count 0)
    (if (i32.ne (i32.load8_u $at) 0x5b) (then (return -1)))
    (local.set $at (call $space (i32.add $at 1)))
    (if (i32.eq (i32.load8_u $at) 0x5d) (then (return (i32.add $at 1))))
    (loop $items
      (if (i32.gt_u (i32.add $out 32) $outEnd) (then (return -2)))
      (local.set $at (call $item $at $out))
      (if (i32.lt_s $at 0) (then (return $at)))
      (global.set $count (i32.add (global.get $count) 1))
      (local.set $out (i32.add $out 32))
      (local.set $at (call $space $at))
      (local.set $c (i32.load8_u $at))
      (if (i32.eq $c 0x5d) (then (return (i32.add $at 1))))
      (if (i32.ne $c 0x2c) (then (return -1)))
      (local.set $at (call $space (i32.add $at 1)))
      (br $items))
    (unreachable)))

DECLARE @s0 INT; EXEC sp_prepare @s0 OUTPUT, @P1, @P2; DECLARE @s1 INT; EXEC sp_prepare @s1 OUTPUT, @P3, @P4; DECLARE @s2 INT; EXEC sp_prepare @s2 OUTPUT, @P5, @P6; SELECT @s0, @s1, @s2;
